import { createClient } from 'redis';
import { openComponent } from '#contracts/component.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { stateConformance } from '#contracts/conformance/state.ts';
import { type Redis, startRedis } from '#e2e/redis.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './redis.ts';

let server: Redis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { redisHost: `127.0.0.1:${server.port}`, ...metadata },
    { name: 'store', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

stateConformance('state.redis', () => open());

describe('state.redis', () => {
  const value = new TextEncoder().encode('x');
  const raw = async () => await createClient({ url: server.url }).connect();

  it('keeps values in the layout that Dapr reads', async () => {
    await using store = await open();
    await store.set({ key: 'layout', value, metadata: { ttlInSeconds: '100' } });
    await store.set({ key: 'layout', value, concurrency: 'first-write', etag: '1' });
    const client = await raw();
    expect({ ...(await client.hGetAll('layout')) }).toEqual({ data: 'x', version: '2', 'first-write': '0' });
    expect(await client.ttl('layout')).toBeGreaterThan(90);
    await client.close();
  });

  it('reads what Dapr wrote, and plain strings of its first versions', async () => {
    await using store = await open();
    const client = await raw();
    await client.hSet('theirs', { data: '{"a":1}', version: '7' });
    await client.set('old', 'text');
    await client.close();
    expect(await store.get({ key: 'theirs' })).toEqual({ data: Buffer.from('{"a":1}'), etag: '7' });
    expect(await store.get({ key: 'old' })).toEqual({ data: Buffer.from('text') });
    await store.set({ key: 'old', value });
    expect(await store.get({ key: 'old' })).toEqual({ data: Buffer.from('x'), etag: '1' });
  });

  it('leaves everything as it was when one etag of a transaction is stale', async () => {
    await using store = await open();
    await store.set({ key: 'tx-a', value });
    const operations = [
      { kind: 'delete', key: 'tx-a' },
      { kind: 'set', key: 'tx-b', value, etag: '99' },
    ] as const;
    await expect(store.transact!({ operations })).rejects.toMatchObject({ key: 'state-etag-mismatch' });
    expect(await store.get({ key: 'tx-a' })).toBeDefined();
    expect(await store.get({ key: 'tx-b' })).toBeUndefined();
  });

  it('guards keys written under first-write from unchecked writes', async () => {
    await using store = await open();
    await store.set({ key: 'fw', value, concurrency: 'first-write' });
    await expect(store.set({ key: 'fw', value })).rejects.toMatchObject({ key: 'state-etag-mismatch' });
    await expect(store.set({ key: 'fw', value, etag: 'abc' })).rejects.toMatchObject({ key: 'state-etag-invalid' });
  });

  it('gives keys the life the component is set to', async () => {
    await using store = await open({ ttlInSeconds: '50' });
    await store.set({ key: 'mortal', value });
    const client = await raw();
    expect(await client.ttl('mortal')).toBeGreaterThan(40);
    await client.close();
  });

  it('names the server that cannot be reached', async () => {
    const refused = open({ redisHost: '127.0.0.1:1', redisMaxRetries: '1', redisMinRetryInterval: '1' });
    await expect(refused).rejects.toThrow('cannot connect to redis at 127.0.0.1:1');
  });
});

outageConformance('state.redis', {
  server: () => server,
  open: (login) => open(login && { redisUsername: login.user, redisPassword: login.password }),
  use: async (store) => {
    await store.set({ key: 'outage', value: new Uint8Array() });
    await store.get({ key: 'outage' });
  },
});
