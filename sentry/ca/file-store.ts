import { link, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { CredentialFiles } from '../config.ts';
import type { CredentialStore, Material } from './material.ts';

/**
 * Credentials in files of mode 0600, each written whole or not at all. An empty file is there, and wrong: nobody but its
 * owner knows why.
 */
export function fileStore(files: CredentialFiles): CredentialStore {
  return {
    names: files,
    async load() {
      const items = await Promise.all(
        Object.entries(files).map(async ([item, file]) => [item, await readIfThere(file)]),
      );
      return Object.fromEntries(items) as Material;
    },
    async add(missing) {
      for (const [item, text] of Object.entries(missing))
        if (text !== undefined) await addFile(files[item as keyof Material], text);
    },
    publish: () => Promise.resolve(),
  };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw fault('invalid-config', `cannot read credentials file ${file}: ${code}`, { cause: thrown });
  }
}

/** Links the finished file into place, which fails if there is one. */
async function addFile(file: string, text: string): Promise<void> {
  try {
    const folder = await mkdtemp(path.join(path.dirname(file), '.new-'));
    try {
      await writeFile(path.join(folder, 'file'), text, { mode: 0o600, flush: true });
      await link(path.join(folder, 'file'), file);
    } finally {
      await rm(folder, { recursive: true });
    }
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw fault('conflict', `credentials file ${file} was written by somebody else`);
    throw fault('unavailable', `cannot write credentials file ${file}: ${code ?? thrown}`, { cause: thrown });
  }
}
