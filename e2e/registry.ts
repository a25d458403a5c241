import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from './ports.ts';
import { start } from './process.ts';
import { ready } from './ready.ts';

/** A real registry of images, of the test's own: plain HTTP, as tools allow on loopback. */
export interface Registry extends AsyncDisposable {
  readonly port: number;
  /** `127.0.0.1:<port>`: what the names of its images begin with. */
  readonly name: string;
}

/** Starts the CNCF's distribution registry on a free port of 127.0.0.1. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-registry-'));
  const [port = 0] = await freePorts(1);
  const name = `127.0.0.1:${port}`;
  const config = join(folder, 'config.yml');
  const log = join(folder, 'log');
  const storage = { filesystem: { rootdirectory: join(folder, 'images') } };
  await writeFile(config, stringify({ version: 0.1, storage, http: { addr: name, secret: 'for tests' } }));
  const server = start('docker-registry', 'docker-registry', ['serve', config], { log });
  await ready(server, log, async () => ((await fetch(`http://${name}/v2/`)).ok ? true : undefined));
  return {
    port,
    name,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
