import { createClient, type RedisClientType } from 'redis';
import { openComponent } from '#contracts/component.ts';
import type { ConfigurationItems } from '#contracts/configuration.ts';
import { configurationConformance } from '#contracts/conformance/configuration.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type Redis, startRedis } from '#e2e/redis.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './redis.ts';

let server: Redis;
let client: RedisClientType;
beforeAll(async () => {
  server = await startRedis();
  client = await createClient({ url: server.url })
    .on('error', () => {})
    .connect();
});
afterAll(async () => {
  await client.close();
  await server[Symbol.asyncDispose]();
});

const open = (port = server.port, login: Record<string, string> = {}) =>
  openComponent(
    component,
    { redisHost: `127.0.0.1:${port}`, ...login },
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

  it('tells what changed while its server was away, and goes on hearing of changes', async () => {
    await using own = await startRedis();
    await using store = await open(own.port);
    const write = async (...items: [key: string, value: string | null][]) => {
      const writer = await createClient({ url: own.url }).connect();
      for (const [key, value] of items) value === null ? await writer.del(key) : await writer.set(key, value);
      await writer.close();
    };
    await write(['kept', 'a||1'], ['changed', 'a||1'], ['gone', 'a||1']);
    const heard: ConfigurationItems[] = [];
    const { signal } = new AbortController();
    await store.subscribe({ keys: ['kept', 'changed', 'gone'] }, async (items) => void heard.push(items), signal);
    await own.kill();
    await own.restart();
    await write(['changed', 'b||2'], ['gone', null]);
    const told = () => Object.assign({}, ...heard) as ConfigurationItems;
    const changed = { value: 'b', version: '2', metadata: {} };
    await eventually(() => expect(told()).toEqual({ changed, gone: { value: '', version: '' } }));
    await write(['kept', 'c||3']);
    await eventually(() => expect(told()['kept']).toMatchObject({ value: 'c' }));
  });
});

outageConformance('configuration.redis', {
  server: () => server,
  open: (login) => open(server.port, login && { redisUsername: login.user, redisPassword: login.password }),
  use: (store) => store.get({ keys: ['outage'] }),
});
