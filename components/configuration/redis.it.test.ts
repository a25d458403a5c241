import { createClient } from 'redis';
import { openComponent } from '#contracts/component.ts';
import type { ConfigurationItems } from '#contracts/configuration.ts';
import { type Redis, startRedis } from '#e2e/redis.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './redis.ts';

let server: Redis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = () =>
  openComponent(
    component,
    { redisHost: `127.0.0.1:${server.port}` },
    { name: 'config', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

describe('configuration.redis', () => {
  it('reads values with their versions, all keys when none is named, and leaves out what is no string', async () => {
    await using store = await open();
    const client = await createClient({ url: server.url }).connect();
    await client.mSet({ plain: 'a', versioned: 'b||7' });
    await client.hSet('hash', 'x', 'y');
    const items = {
      plain: { value: 'a', version: '', metadata: {} },
      versioned: { value: 'b', version: '7', metadata: {} },
    };
    expect(await store.get({ keys: ['plain', 'versioned', 'hash', 'missing'] })).toEqual(items);
    expect(await store.get({ keys: [] })).toEqual(items);
    await client.close();
  });

  it('tells of changes and deletions of watched keys only', async () => {
    await using store = await open();
    const stop = new AbortController();
    const heard: ConfigurationItems[] = [];
    await store.subscribe({ keys: ['watched'] }, async (items) => void heard.push(items), stop.signal);
    const client = await createClient({ url: server.url }).connect();
    await client.set('unwatched', 'x');
    await client.set('watched', 'new||2');
    await eventually(() => expect(heard).toHaveLength(1));
    await client.del('watched');
    await eventually(() => expect(heard).toHaveLength(2));
    expect(heard).toEqual([
      { watched: { value: 'new', version: '2', metadata: {} } },
      { watched: { value: '', version: '' } },
    ]);
    stop.abort();
    await client.close();
  });
});
