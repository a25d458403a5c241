import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openComponent } from '#contracts/component.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { stateConformance } from '#contracts/conformance/state.ts';
import type { StateStore } from '#contracts/state.ts';
import { type Authority, authority } from '#e2e/cluster/authority.ts';
import { type Etcd, startEtcd } from '#e2e/etcd.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component as v2 } from './etcd.ts';
import { component as v1 } from './etcd-v1.ts';

let server: Etcd;
beforeAll(async () => {
  server = await startEtcd();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const context = { name: 'store', log: silentLogger, signal: new AbortController().signal, env: {} };
const open = (version: typeof v2, metadata: Record<string, string> = {}) =>
  openComponent(version, { endpoints: `127.0.0.1:${server.port}`, ...metadata }, context);

stateConformance('state.etcd v1', () => open(v1, { keyPrefixPath: 'one' }));
stateConformance('state.etcd v2', () => open(v2, { keyPrefixPath: 'two' }));

describe('state.etcd', () => {
  const value = new TextEncoder().encode('x');
  const stale = expect.objectContaining({ key: 'state-etag-mismatch' });

  it('keeps stores of other prefixes apart', async () => {
    await using one = await open(v1, { keyPrefixPath: 'a' });
    await using two = await open(v1, { keyPrefixPath: 'b' });
    await one.set({ key: 'k', value });
    expect(await two.get({ key: 'k' })).toBeUndefined();
  });

  it('leaves everything as it was when one etag of a transaction is stale', async () => {
    await using store = await open(v2);
    await store.set({ key: 'tx-a', value });
    const operations = [
      { kind: 'delete', key: 'tx-a' },
      { kind: 'set', key: 'tx-b', value, etag: '1' },
    ] as const;
    await expect(store.transact!({ operations })).rejects.toThrow('tx-b');
    expect(await store.get({ key: 'tx-a' })).toBeDefined();
  });

  it('checks the etag a transaction expects of a key that it writes twice', async () => {
    await using store = await open(v2);
    const set = { kind: 'set', key: 'twice', value } as const;
    await store.transact!({ operations: [{ ...set, concurrency: 'first-write' }, set] });
    const { etag } = (await store.get({ key: 'twice' }))!;
    await expect(store.transact!({ operations: [set, { ...set, etag }] })).rejects.toEqual(stale);
    const anew = [
      { kind: 'delete', key: 'twice', etag },
      { ...set, concurrency: 'first-write' },
    ] as const;
    await store.transact!({ operations: anew });
  });

  it('forgets a key when its life is over', async () => {
    await using store = await open(v2);
    await store.set({ key: 'brief', value, metadata: { ttlInSeconds: '1' } });
    await eventually(async () => expect(await store.get({ key: 'brief' })).toBeUndefined());
  });

  it('opens before its server does, and works again when a killed one is back', async () => {
    await using own = await startEtcd();
    await own.kill();
    await using store = await open(v2, { endpoints: `127.0.0.1:${own.port}` });
    await expect(store.get({ key: 'k' })).rejects.toMatchObject({ key: 'unavailable' });
    await own.restart();
    await eventually(() => store.set({ key: 'k', value }));
    await own.kill();
    await expect(store.get({ key: 'k' })).rejects.toThrow(`etcd at 127.0.0.1:${own.port}`);
    await own.restart();
    await eventually(async () => expect(await store.get({ key: 'k' })).toBeDefined());
  });

  it('names what is missing for TLS', async () => {
    await expect(open(v2, { tlsEnable: 'true', ca: 'PEM' })).rejects.toThrow('cert, key: needed with tlsEnable');
  });
});

describe('state.etcd with TLS', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outrigger-etcd-tls-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const use = async (store: StateStore) => {
    await store.set({ key: 'secured', value: new Uint8Array() });
    await store.get({ key: 'secured' });
  };

  it('follows changed certificates, and tells no key', async () => {
    await using own = await startEtcd();
    const [first, second] = [await authority(join(folder, 'first')), await authority(join(folder, 'second'))];
    const openAs = async (of: Authority, user: string, ca = of) => {
      const files = await of.issue(user, { user });
      const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')]);
      return open(v2, { endpoints: `127.0.0.1:${own.port}`, tlsEnable: 'true', ca: ca.pem, cert, key });
    };
    await own.trust(first);
    await using before = await openAs(first, 'before');
    await use(before);
    await using renewed = await openAs(first, 'renewed');
    await use(renewed);
    await use(before);

    await own.trust(second);
    await using after = await openAs(second, 'after');
    await eventually(() => use(after));
    const untold = expect.objectContaining({ key: 'unavailable', message: expect.not.stringContaining('PRIVATE KEY') });
    await expect(use(before)).rejects.toEqual(untold);
    await using stranger = await openAs(first, 'stranger', second);
    await expect(use(stranger)).rejects.toEqual(untold);

    await own.trust(first);
    await eventually(() => use(before));
  });
});

// It knows no passwords: with TLS, certificates say who calls.
outageConformance(
  'state.etcd',
  {
    server: () => server,
    open: () => open(v2),
    use: async (store) => {
      await store.set({ key: 'outage', value: new Uint8Array() });
      await store.get({ key: 'outage' });
    },
  },
  { passwords: false },
);
