import { createClient } from 'redis';
import { openComponent } from '#contracts/component.ts';
import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import { pubsubOutageConformance } from '#contracts/conformance/pubsub-outage.ts';
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

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    {
      redisHost: `127.0.0.1:${server.port}`,
      consumerID: 'app',
      processingTimeout: '2000',
      redeliverInterval: '100',
      ...metadata,
    },
    { name: 'pubsub', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

pubsubConformance('pubsub.redis', () => open(), { atOnce: 10 });

describe('pubsub.redis', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const publish = { pubsubName: 'p', topic: 'layout', data: bytes('x'), metadata: { a: 'b' } };

  it('writes entries in the layout that Dapr reads, trimmed as told', async () => {
    await using pubsub = await open({ maxLenApprox: '1' });
    for (let i = 0; i < 500; i++) await pubsub.publish(publish);
    const client = await createClient({ url: server.url }).connect();
    const [entry] = (await client.xRevRange('layout', '+', '-', { COUNT: 1 })) ?? [];
    expect({ ...entry?.message }).toEqual({ data: 'x', metadata: '{"a":"b"}' });
    expect(await client.xLen('layout')).toBeLessThan(300);
    await client.close();
  });

  it('says that a subscription lacks a consumer group, without which it still publishes', async () => {
    await using pubsub = await open({ consumerID: '' });
    await pubsub.publish({ ...publish, topic: 'lone' });
    const subscribed = pubsub.subscribe({ topic: 'lone' }, async () => {}, new AbortController().signal);
    await expect(subscribed).rejects.toThrow('a subscription to lone needs consumerID');
  });

  it('gives each group every message and each message to one member of a group', async () => {
    const stop = new AbortController();
    // None comes again within the test, however long it takes.
    const once = { processingTimeout: '600000' };
    await using first = await open(once);
    await using second = await open(once);
    await using other = await open({ ...once, consumerID: 'other' });
    const got = { app: [] as string[], other: [] as string[] };
    const into = (list: string[]) => async (message: { data: Uint8Array }) =>
      void list.push(Buffer.from(message.data).toString());
    for (const member of [first, second]) await member.subscribe({ topic: 'groups' }, into(got.app), stop.signal);
    await other.subscribe({ topic: 'groups' }, into(got.other), stop.signal);
    for (let i = 0; i < 50; i++) await first.publish({ pubsubName: 'p', topic: 'groups', data: bytes(`${i}`) });
    await eventually(() => expect([got.app.length, got.other.length]).toEqual([50, 50]));
    expect(new Set(got.app).size).toBe(50);
    stop.abort();
  });

  it('reads on after the server lost its data', async () => {
    const stop = new AbortController();
    await using pubsub = await open();
    const got: string[] = [];
    await pubsub.subscribe(
      { topic: 'lost' },
      async ({ data }) => void got.push(Buffer.from(data).toString()),
      stop.signal,
    );
    const client = await createClient({ url: server.url }).connect();
    await client.flushAll();
    await client.close();
    await eventually(async () => {
      await pubsub.publish({ pubsubName: 'p', topic: 'lost', data: bytes('after') });
      expect(got).toContain('after');
    });
    stop.abort();
  });
});

pubsubOutageConformance('pubsub.redis', {
  server: () => server,
  open: (login) => open(login && { redisUsername: login.user, redisPassword: login.password }),
});
