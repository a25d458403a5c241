import { createClient, type RedisClientType } from 'redis';
import { openComponent } from '#contracts/component.ts';
import { configurationConformance } from '#contracts/conformance/configuration.ts';
import { type Redis, startRedis } from '#e2e/redis.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './redis.ts';

let server: Redis;
let client: RedisClientType;
beforeAll(async () => {
  server = await startRedis();
  client = await createClient({ url: server.url }).connect();
});
afterAll(async () => {
  await client.close();
  await server[Symbol.asyncDispose]();
});

const open = () =>
  openComponent(
    component,
    { redisHost: `127.0.0.1:${server.port}` },
    { name: 'config', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

configurationConformance(
  'configuration.redis',
  () => open(),
  () => ({
    write: (key, { value, version }) => client.set(key, `${value}||${version}`),
    remove: (key) => client.del(key),
  }),
);

describe('configuration.redis', () => {
  it('reads values without a version, and leaves out what is no string', async () => {
    await using store = await open();
    await client.set('plain', 'a');
    await client.hSet('hash', 'x', 'y');
    const items = { plain: { value: 'a', version: '', metadata: {} } };
    expect(await store.get({ keys: ['plain', 'hash', 'missing'] })).toEqual(items);
    expect(await store.get({ keys: [] })).toMatchObject(items);
  });
});
