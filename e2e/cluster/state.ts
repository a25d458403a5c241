import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemon } from './daemon.ts';

/** What a running cluster leaves on disk, so that the next run finds it. */
export interface ClusterState {
  slot: number;
  /** The checkout that made it: another one replaces it. */
  checkout: string;
  /** A digest of the files that decide what a cluster is: a change replaces it. */
  revision: string;
  daemons: Record<string, Daemon>;
  /** False until everything has come up: a start that was interrupted is begun anew. */
  complete: boolean;
  /** The names of the images that its node has. */
  images: string[];
}

/** Digest of this folder's sources and of the programs' versions. */
export function revision(): string {
  const hash = createHash('sha256');
  const files = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true });
  const names = files
    .filter((entry) => entry.isFile() && /(\.ts|\.go|go\.mod)$/.test(entry.name) && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
  for (const name of names.sort()) hash.update(readFileSync(name));
  return hash.digest('hex').slice(0, 16);
}

/** The state of the cluster in `folder`; undefined where there is none that can be read. */
export async function readState(folder: string): Promise<ClusterState | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as ClusterState;
  } catch {
    return undefined;
  }
}

export async function writeState(folder: string, state: ClusterState): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = join(folder, 'state.json.draft');
  await writeFile(draft, JSON.stringify(state, undefined, 2));
  await rename(draft, join(folder, 'state.json'));
}
