import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from './process.ts';
import { ready } from './ready.ts';
import { run } from './run.ts';

/** A real Docker engine of the test's own, which builds and pushes images and runs no container. */
export interface Docker extends AsyncDisposable {
  /** What `DOCKER_HOST` has to be for the docker command to reach it. */
  readonly host: string;
}

/** Starts dockerd in a folder of its own, without any network: building from scratch needs none. */
export async function startDocker(): Promise<Docker> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-docker-'));
  const host = `unix://${join(folder, 'docker.sock')}`;
  const log = join(folder, 'log');
  const server = start(
    'dockerd',
    'dockerd',
    [
      ...['--host', host, '--pidfile', join(folder, 'pid')],
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--bridge=none', '--iptables=false', '--ip6tables=false'],
    ],
    { log },
  );
  await ready(server, log, () => run('docker', ['info'], { env: { DOCKER_HOST: host } }));
  return {
    host,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
