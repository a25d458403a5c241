import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { openComponent } from '#contracts/component.ts';
import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import { pubsubOutageConformance } from '#contracts/conformance/pubsub-outage.ts';
import { type Nats, startNats } from '#e2e/nats.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './jetstream.ts';

let server: Nats;
beforeAll(async () => {
  server = await startNats();
  const connection = await connect({ servers: server.url });
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'everything', subjects: ['*', 'orders.*'] });
  await connection.close();
});
afterAll(async () => {
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

pubsubOutageConformance('pubsub.jetstream', {
  server: () => server,
  open: (login) => open(login && { natsURL: `nats://${login.user}:${login.password}@127.0.0.1:${server.port}` }),
});
