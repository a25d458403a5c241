import type { StateStore } from '#contracts/state.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openHosted } from './open.ts';

const context = () => ({ log: silentLogger, signal: new AbortController().signal, env: {} });

describe('openHosted', () => {
  it('opens a component in this process by type in any case, no version meaning v1', async () => {
    const spec = { name: 'store', type: 'State.In-Memory', version: '', metadata: {} };
    await using store = (await openHosted(spec, context())) as StateStore;
    await store.set({ key: 'k', value: new Uint8Array([1]) });
    expect((await store.get({ key: 'k' }))?.data).toHaveLength(1);
  });

  it('names the type it does not know and the one that was perhaps meant', async () => {
    const spec = { name: 'store', type: 'state.sqlit', version: 'v1', metadata: {} };
    await expect(openHosted(spec, context())).rejects.toMatchObject({
      key: 'component-unknown',
      message: "couldn't find state store state.sqlit/v1: did you mean state.sqlite/v1?",
    });
  });
});
