import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../process.ts';
import { startRelay } from '../relay.ts';
import { plan } from './plan.ts';
import { readState } from './state.ts';

/**
 * Makes a port of this machine's loopback address the same port of the loopback address of the node of the cluster
 * in `folder`, which has a network of its own, until it is disposed.
 */
export async function startNodeRelay(folder: string, port: number): Promise<AsyncDisposable> {
  const state = await readState(folder);
  if (!state) throw new Error(`there is no cluster in ${folder} whose node could be given port ${port}`);
  const { namespace } = plan(folder, state.slot);
  const sockets = await mkdtemp(join(tmpdir(), 'outrigger-relay-'));
  const path = join(sockets, 'socket');
  const relay = await startRelay({ path }, { port, host: '127.0.0.1' });
  const socat = start(
    'socat',
    'nsenter',
    [`--net=/run/netns/${namespace}`, 'socat', `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`, `UNIX:${path}`],
    { log: join(sockets, 'log') },
  );
  return {
    async [Symbol.asyncDispose]() {
      await socat[Symbol.asyncDispose]();
      await relay[Symbol.asyncDispose]();
      await rm(sockets, { recursive: true, force: true });
    },
  };
}
