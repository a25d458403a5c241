import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StateStore } from '#contracts/state.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openHosted } from './open.ts';
import { pluggableSockets } from './pluggable.ts';

const value = new Uint8Array([1]);

describe('a component in a process of its own', () => {
  it('works, and works again after its process was killed', async () => {
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const sockets = pluggableSockets(path.join(tmpdir(), 'no-such-folder'), log);
    const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-process-'));
    await using stack = new AsyncDisposableStack();
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    const context = { log, signal: new AbortController().signal, env: process.env, sockets };
    const spec = {
      name: 'store',
      type: 'state.sqlite',
      version: 'v1',
      metadata: { connectionString: path.join(folder, 'store.db') },
      host: 'process',
    } as const;
    await using store = (await openHosted(spec, context)) as StateStore;
    await store.set({ key: 'k', value });
    for (const child of await childrenOf(process.pid)) process.kill(child, 'SIGKILL');
    await eventually(async () => expect((await store.get({ key: 'k' }))?.data).toHaveLength(1));
    expect(warnings.join()).toContain('its process ended (SIGKILL)');
  });
});

/** Process ids of the component hosts among our children, whose others may end meanwhile. */
async function childrenOf(pid: number): Promise<number[]> {
  const listed = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const children = listed.split(' ').filter(Boolean).map(Number);
  const commandOf = (child: number) => readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
  const isHost = async (child: number) => (await commandOf(child)).includes('components/host/main.ts');
  const marks = await Promise.all(children.map(isHost));
  return children.filter((_, i) => marks[i]);
}
