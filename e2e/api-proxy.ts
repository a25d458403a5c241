import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import { eventually } from './eventually.ts';
import { start } from './process.ts';

/** The API server on a plain local port, its administrator's credentials added on the way. */
export interface ApiProxy extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/** Starts `kubectl proxy`: through it fetch reaches every object, and every Service of any cluster. */
export async function startApiProxy(kubeconfig: string): Promise<ApiProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-proxy-'));
  const log = join(folder, 'log');
  const kubectl = await command('kubectl');
  const server = start('kubectl proxy', kubectl, ['--kubeconfig', kubeconfig, 'proxy', '--port=0'], { log });
  const told = async () => /127\.0\.0\.1:(\d+)/.exec(await readFile(log, 'utf8'))?.[1];
  const port = await eventually('kubectl proxy', told, { alive: server.alive });
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
