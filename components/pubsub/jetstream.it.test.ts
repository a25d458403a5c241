import { AckPolicy, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openComponent } from '#contracts/component.ts';
import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import { pubsubOutageConformance } from '#contracts/conformance/pubsub-outage.ts';
import { type Nats, startNats } from '#e2e/nats.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './jetstream.ts';

let server: Nats;
let connection: NatsConnection;
let manager: JetStreamManager;
beforeAll(async () => {
  server = await startNats();
  connection = await connect({ servers: server.url, maxReconnectAttempts: -1 });
  manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'everything', subjects: ['*', 'orders.*'] });
});
afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { natsURL: server.url, ...metadata },
    { name: 'pubsub', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

pubsubConformance('pubsub.jetstream', () => open(), { atOnce: 1 });

describe('pubsub.jetstream', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const publish = (text: string, topic: string) => ({ pubsubName: 'p', topic, data: bytes(text) });
  const into = (list: string[]) => async (message: { data: Uint8Array }) =>
    void list.push(Buffer.from(message.data).toString());

  it('shares the messages of a durable consumer among its members', async () => {
    const stop = new AbortController();
    await using first = await open({ durableName: 'shared' });
    await using second = await open({ durableName: 'shared' });
    const got: string[] = [];
    for (const member of [first, second]) await member.subscribe({ topic: 'orders.shared' }, into(got), stop.signal);
    for (let i = 0; i < 40; i++) await first.publish(publish(`${i}`, 'orders.shared'));
    await eventually(() => expect(got).toHaveLength(40));
    expect(new Set(got).size).toBe(40);
    stop.abort();
  });

  it('reads one topic by a durable consumer, and says so of a second', async () => {
    const stop = new AbortController();
    await using pubsub = await open({ durableName: 'single' });
    await pubsub.subscribe({ topic: 'orders.single' }, into([]), stop.signal);
    await expect(pubsub.subscribe({ topic: 'orders.more' }, into([]), stop.signal)).rejects.toThrow(
      'the durable consumer "single" reads "orders.single", not "orders.more"',
    );
    stop.abort();
  });

  it('keeps an event that is published twice once', async () => {
    const stop = new AbortController();
    await using pubsub = await open();
    const got: string[] = [];
    await pubsub.subscribe({ topic: 'orders.twice' }, into(got), stop.signal);
    const event = '{"data":{"id":"inner"},"id":"a-1"}';
    for (const text of [event, event, '{"id":""}', '{"id":7}', '{no'])
      await pubsub.publish(publish(text, 'orders.twice'));
    await eventually(() => expect(got).toEqual([event, '{"id":""}', '{"id":7}', '{no']));
    stop.abort();
  });

  it('shares a durable consumer with sidecars that have it pushed to them', async () => {
    const stop = new AbortController();
    const pushed = { durable_name: 'older', deliver_subject: '_INBOX.older', deliver_group: 'older' };
    const topic = 'orders.pushed';
    await manager.consumers.add('everything', { ...pushed, filter_subject: topic, ack_policy: AckPolicy.Explicit });
    await using first = await open({ durableName: 'older', queueGroupName: 'older' });
    await using second = await open({ durableName: 'older', queueGroupName: 'older' });
    const got: [string[], string[]] = [[], []];
    await first.subscribe({ topic }, into(got[0]), stop.signal);
    await second.subscribe({ topic }, into(got[1]), stop.signal);
    for (let i = 0; i < 40; i++) await first.publish(publish(`${i}`, topic));
    await eventually(() => expect(new Set(got.flat()).size).toBe(40));
    expect(got.map(({ length }) => length > 0)).toEqual([true, true]);
    stop.abort();
  });

  it.each([
    [{ flowControl: 'true', heartbeat: '500ms', durableName: 'flowing' }, 1, 'orders.flow'],
    [{ rateLimit: '100000000', queueGroupName: 'limited' }, 2, 'orders.rate'],
  ])('has the server send at its own pace where told so: %o', async (pace, count, topic) => {
    const stop = new AbortController();
    const got: string[] = [];
    await using members = new AsyncDisposableStack();
    for (let i = 0; i < count; i++) {
      await members.use(await open(pace)).subscribe({ topic }, into(got), stop.signal);
    }
    await using publisher = await open();
    for (let i = 0; i < 40; i++) await publisher.publish(publish(`${i}`, topic));
    await eventually(() => expect(got).toHaveLength(40));
    expect(new Set(got).size).toBe(40);
    stop.abort();
  });

  it('says that no stream holds a topic, and which server cannot be reached', async () => {
    await using pubsub = await open();
    const handler = async () => {};
    const signal = new AbortController().signal;
    await expect(pubsub.subscribe({ topic: 'no.stream.here' }, handler, signal)).rejects.toThrow(
      'no stream has the subject "no.stream.here"',
    );
    await expect(pubsub.publish(publish('x', 'no.stream.here'))).rejects.toThrow(
      'no stream took the message for "no.stream.here"',
    );
    await expect(open({ natsURL: 'nats://127.0.0.1:1' })).rejects.toThrow('cannot connect to nats at 127.0.0.1:1');
  });

  it('refuses half of a pair of credentials', async () => {
    await expect(open({ jwt: 'x' })).rejects.toThrow('jwt and seedKey go together');
  });
});

for (const [how, settings] of [
  ['that is asked for', {}],
  ['that is sent', { heartbeat: '1s' }],
] as const) {
  pubsubOutageConformance(`pubsub.jetstream, ${how},`, {
    server: () => server,
    open: (login) =>
      open({
        ...settings,
        ...(login && { natsURL: `nats://${login.user}:${login.password}@127.0.0.1:${server.port}` }),
      }),
  });
}
