import { stateConformance } from '#contracts/conformance/state.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openInMemory } from './in-memory.ts';

stateConformance('state.in-memory', async () => openInMemory());

describe('state.in-memory', () => {
  const value = new TextEncoder().encode('x');

  it('forgets a key when its time has come', async () => {
    let now = 1_000;
    await using store = openInMemory(() => now);
    await store.set({ key: 'k', value, metadata: { ttlInSeconds: '5' } });
    now += 4_999;
    expect(await store.get({ key: 'k' })).toBeDefined();
    now += 1;
    expect(await store.get({ key: 'k' })).toBeUndefined();
  });

  it('writes only the first time under first-write without an etag', async () => {
    await using store = openInMemory();
    await store.set({ key: 'k', value, concurrency: 'first-write' });
    await expect(store.set({ key: 'k', value, concurrency: 'first-write' })).rejects.toMatchObject({
      key: 'state-etag-mismatch',
    });
  });

  it('leaves everything as it was when one etag of a transaction is stale', async () => {
    await using store = openInMemory();
    await store.set({ key: 'a', value });
    const operations = [
      { kind: 'delete', key: 'a' },
      { kind: 'set', key: 'b', value, etag: 'stale' },
    ] as const;
    await expect(store.transact?.({ operations })).rejects.toMatchObject({ key: 'state-etag-mismatch' });
    expect(await store.get({ key: 'a' })).toBeDefined();
  });
});
