import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { bulkGet, type StateStore, stateFeatures } from '../state.ts';
import { attach, serve } from '../wire/state.ts';
import { bothWays, type Open } from './ways.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (store: StateStore, key: string) => {
  const value = await store.get({ key });
  return value && new TextDecoder().decode(value.data);
};
const mismatch = expect.objectContaining({ key: 'state-etag-mismatch' });

/**
 * What every state store must do; run it from the component's test. `open` makes an empty store, or one whose other
 * keys do not begin with `conformance-`. One that keeps JSON `as values` may give it back written otherwise.
 */
export function stateConformance(
  name: string,
  open: Open<StateStore>,
  { json = 'as bytes' }: { json?: 'as bytes' | 'as values' } = {},
): void {
  for (const [way, openThisWay] of bothWays(open, { serve, attach })) {
    describe(`${name} ${way}`, () => {
      let store: StateStore;
      let key: string;
      let count = 0;
      const fresh = () => `conformance-${name}-${Date.now()}-${count++}`;
      beforeEach(async () => {
        store = await openThisWay();
        key = fresh();
      });
      afterEach(async () => {
        await store[Symbol.asyncDispose]();
      });

      describe('keys and values', () => keysAndValues(() => ({ store, key }), json));
      describe('etags', () => etags(() => ({ store, key })));
      describe('many keys', () => manyKeys(() => ({ store, key })));
      describe('expiry', () => expiry(() => ({ store, key })));
      describe('features', () => features(() => ({ store, key })));
    });
  }
}

type Subject = () => { store: StateStore; key: string };

function keysAndValues(subject: Subject, json: 'as bytes' | 'as values'): void {
  it('answers nothing for a key that does not exist', async () => {
    const { store, key } = subject();
    expect(await store.get({ key })).toBeUndefined();
  });

  it('gives back the very bytes that were set', async () => {
    const { store, key } = subject();
    const value = Uint8Array.from([0, 255, 10, 13, 34, 92, 200]);
    await store.set({ key, value });
    expect(Uint8Array.from((await store.get({ key }))!.data)).toEqual(value);
  });

  it(`gives back JSON ${json}, big numbers and all`, async () => {
    const { store, key } = subject();
    const text = '{"a": "<é>",\n "n":9007199254740993}';
    await store.set({ key, value: bytes(text), contentType: 'application/json' });
    const compact = (written: string | undefined) => written?.replace(/\s/g, '');
    if (json === 'as bytes') expect(await textOf(store, key)).toBe(text);
    else expect(compact(await textOf(store, key))).toBe(compact(text));
  });

  it('tells an empty value from a missing key', async () => {
    const { store, key } = subject();
    await store.set({ key, value: new Uint8Array() });
    expect((await store.get({ key }))?.data).toHaveLength(0);
  });

  it('replaces a value and forgets a deleted one', async () => {
    const { store, key } = subject();
    await store.set({ key, value: bytes('one') });
    await store.set({ key, value: bytes('two') });
    expect(await textOf(store, key)).toBe('two');
    await store.delete({ key });
    expect(await store.get({ key })).toBeUndefined();
  });

  it('takes the deletion of a missing key as done', async () => {
    const { store, key } = subject();
    await expect(store.delete({ key })).resolves.toBeUndefined();
  });
}

function etags(subject: Subject): void {
  it('changes the etag at each write and checks the one it is given', async () => {
    const { store, key } = subject();
    await store.set({ key, value: bytes('one') });
    const first = (await store.get({ key }))!.etag!;
    await store.set({ key, value: bytes('two'), etag: first, concurrency: 'first-write' });
    const second = (await store.get({ key }))!.etag!;
    expect(second).not.toBe(first);
    await expect(store.set({ key, value: bytes('three'), etag: first, concurrency: 'first-write' })).rejects.toEqual(
      mismatch,
    );
    expect(await textOf(store, key)).toBe('two');
  });

  it('refuses to delete under a stale etag', async () => {
    const { store, key } = subject();
    await store.set({ key, value: bytes('one') });
    const first = (await store.get({ key }))!.etag!;
    await store.set({ key, value: bytes('two') });
    await expect(store.delete({ key, etag: first })).rejects.toEqual(mismatch);
    await store.delete({ key, etag: (await store.get({ key }))!.etag });
    expect(await store.get({ key })).toBeUndefined();
  });

  it('takes an empty etag for none', async () => {
    const { store, key } = subject();
    await store.set({ key, value: bytes('one'), etag: '' });
    await store.set({ key, value: bytes('two'), etag: '' });
    expect(await textOf(store, key)).toBe('two');
  });
}

function manyKeys(subject: Subject): void {
  it('reads many keys, the missing ones without a value', async () => {
    const { store, key } = subject();
    await store.set({ key: `${key}a`, value: bytes('A') });
    await store.set({ key: `${key}b`, value: bytes('B') });
    const items = await bulkGet(store, [{ key: `${key}a` }, { key: `${key}missing` }, { key: `${key}b` }]);
    const found = Object.fromEntries(
      items.map((item) => [item.key, item.value && new TextDecoder().decode(item.value.data)]),
    );
    expect(found).toEqual({ [`${key}a`]: 'A', [`${key}b`]: 'B', [`${key}missing`]: undefined });
    expect(items.every((item) => item.error === undefined)).toBe(true);
  });

  it('applies a transaction whole and in order', async () => {
    const { store, key } = subject();
    if (!store.transact) return;
    await store.set({ key: `${key}a`, value: bytes('old') });
    await store.transact({
      operations: [
        { kind: 'set', key: `${key}a`, value: bytes('new') },
        { kind: 'set', key: `${key}b`, value: bytes('B') },
        { kind: 'delete', key: `${key}a` },
      ],
    });
    expect([await textOf(store, `${key}a`), await textOf(store, `${key}b`)]).toEqual([undefined, 'B']);
  });

  it('takes an empty transaction as done', async () => {
    const { store } = subject();
    await store.transact?.({ operations: [] });
  });
}

function expiry(subject: Subject): void {
  it('tells when a key expires, and forgets it when written without', async () => {
    const { store, key } = subject();
    if (!store.traits.includes('TTL')) return;
    await store.set({ key, value: bytes('x'), metadata: { ttlInSeconds: '1000' } });
    const expires = (await store.get({ key }))?.metadata?.['ttlExpireTime'];
    if (expires !== undefined) {
      const left = Date.parse(expires) - Date.now();
      expect(left).toBeGreaterThan(900_000);
      expect(left).toBeLessThan(1_001_000);
    }
    await store.set({ key, value: bytes('y'), metadata: { ttlInSeconds: '-1' } });
    expect((await store.get({ key }))?.metadata?.['ttlExpireTime']).toBeUndefined();
    expect(await textOf(store, key)).toBe('y');
  });

  it('refuses a ttl that is no number', async () => {
    const { store, key } = subject();
    if (!store.traits.includes('TTL')) return;
    await expect(store.set({ key, value: bytes('x'), metadata: { ttlInSeconds: 'soon' } })).rejects.toThrow(
      'ttlInSeconds',
    );
  });
}

function features(subject: Subject): void {
  it('declares only features by known names', () => {
    const known = ['ETAG', 'TTL', 'PARTITION_KEY', 'TRANSACTIONAL', 'QUERY_API', 'DELETE_WITH_PREFIX', 'KEYS_LIKE'];
    expect(known).toEqual(expect.arrayContaining(stateFeatures(subject().store)));
  });

  it('finds keys by a pattern, in pages', async () => {
    const { store, key } = subject();
    if (!store.keysLike) return;
    for (const end of ['1', '2', '3']) await store.set({ key: `${key}_${end}`, value: bytes('x') });
    await store.set({ key: `${key}-other`, value: bytes('x') });
    const keys: string[] = [];
    let continuationToken: string | undefined;
    do {
      const page = await store.keysLike({ pattern: `${key}\\_%`, pageSize: 2, continuationToken });
      expect(page.keys.length).toBeLessThanOrEqual(2);
      keys.push(...page.keys);
      continuationToken = page.continuationToken;
    } while (continuationToken !== undefined);
    expect(keys.sort()).toEqual(['1', '2', '3'].map((end) => `${key}_${end}`));
  });

  it('removes the keys of one prefix, not those nested deeper', async () => {
    const { store, key } = subject();
    if (!store.deleteWithPrefix) return;
    for (const end of ['a', 'b', 'c||deeper']) await store.set({ key: `${key}||${end}`, value: bytes('x') });
    expect(await store.deleteWithPrefix(`${key}||`)).toBe(2);
    expect(await textOf(store, `${key}||c||deeper`)).toBe('x');
    expect(await store.get({ key: `${key}||a` })).toBeUndefined();
  });
}
