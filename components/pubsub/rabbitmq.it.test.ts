import amqplib, { type ChannelModel } from 'amqplib';
import { openComponent } from '#contracts/component.ts';
import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import { pubsubOutageConformance } from '#contracts/conformance/pubsub-outage.ts';
import type { Message, PubSub } from '#contracts/pubsub.ts';
import { type RabbitMQ, startRabbitMQ } from '#e2e/rabbitmq.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './rabbitmq.ts';

let server: RabbitMQ;
let probe: ChannelModel;
beforeAll(async () => {
  server = await startRabbitMQ();
  probe = await amqplib.connect(server.url);
  probe.on('error', () => {});
});
afterAll(async () => {
  await probe.close().catch(() => {});
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    {
      connectionString: server.url,
      consumerID: 'app',
      requeueInFailure: 'true',
      reconnectWaitSeconds: '1',
      ...metadata,
    },
    { name: 'pubsub', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
/** What keeps every message. */
const safe = { deletedWhenUnused: 'false', deliveryMode: '2', publisherConfirm: 'true' };

const bytes = (text: string) => new TextEncoder().encode(text);
const send = (pubsub: PubSub, topic: string, text: string, metadata?: Record<string, string>) =>
  pubsub.publish({ pubsubName: 'p', topic, data: bytes(text), metadata });

/** Subscribes and gathers what arrives, as text. */
async function gather(pubsub: PubSub, topic: string, metadata: Record<string, string> = {}) {
  const stop = new AbortController();
  const texts: string[] = [];
  const messages: Message[] = [];
  const handler = async (message: Message) => {
    texts.push(Buffer.from(message.data).toString());
    messages.push(message);
  };
  await pubsub.subscribe({ topic, metadata }, handler, stop.signal);
  return { texts, messages, stop: () => stop.abort() };
}

pubsubConformance('pubsub.rabbitmq', () => open({ prefetchCount: '20' }), { atOnce: 20 });

describe('pubsub.rabbitmq', () => {
  it('keeps messages for an app that is away, by the names that Dapr gives its queues', async () => {
    await using first = await open(safe);
    const early = await gather(first, 'kept');
    early.stop();
    await send(first, 'kept', 'one');
    const channel = await probe.createChannel();
    await eventually(async () => expect((await channel.checkQueue('app-kept')).messageCount).toBe(1));
    await channel.close();
    const late = await gather(first, 'kept');
    await eventually(() => expect(late.texts).toEqual(['one']));
    late.stop();
  });

  it('publishes with the properties the metadata asks for, and leaves out those that make no sense', async () => {
    await using pubsub = await open({ ...safe, publishMessagePropertiesToMetadata: 'true' });
    const got = await gather(pubsub, 'properties', { maxPriority: '9' });
    const metadata = { messageID: 'm1', correlationid: 'c1', type: 't', contentType: 'text/x', priority: 'high' };
    await send(pubsub, 'properties', 'x', metadata);
    await eventually(() => expect(got.messages).toHaveLength(1));
    expect(got.messages[0]!.metadata).toEqual({
      'metadata.messageid': 'm1',
      'metadata.correlationid': 'c1',
      'metadata.type': 't',
      'metadata.contenttype': 'text/x',
    });
    got.stop();
  });

  it('delivers what is urgent first from a queue with priorities', async () => {
    await using pubsub = await open({ ...safe, prefetchCount: '1', concurrencyMode: 'single' });
    (await gather(pubsub, 'urgent', { maxPriority: '9' })).stop();
    const channel = await probe.createChannel();
    await eventually(async () => expect((await channel.checkQueue('app-urgent')).consumerCount).toBe(0));
    for (const priority of ['1', '9', '5']) await send(pubsub, 'urgent', priority, { priority });
    const got = await gather(pubsub, 'urgent', { maxPriority: '9' });
    await eventually(() => expect(got.texts).toEqual(['9', '5', '1']));
    got.stop();
    await channel.close();
  });

  it('routes by key where the exchange is a topic exchange', async () => {
    await using pubsub = await open({ exchangeKind: 'topic' });
    const got = await gather(pubsub, 'routed', { routingKey: 'eu.*,us.ny' });
    for (const routingKey of ['eu.fr', 'us.la', 'us.ny']) await send(pubsub, 'routed', routingKey, { routingKey });
    await eventually(() => expect(got.texts.sort()).toEqual(['eu.fr', 'us.ny']));
    got.stop();
  });

  it('puts what the app fails and what grew too old into the dead-letter queue', async () => {
    const settings = { ...safe, enableDeadLetter: 'true', requeueInFailure: 'false' };
    await using pubsub = await open(settings);
    const stop = new AbortController();
    await pubsub.subscribe({ topic: 'dead' }, () => Promise.reject(new Error('no')), stop.signal);
    await send(pubsub, 'dead', 'poison');
    const channel = await probe.createChannel();
    await eventually(async () => expect((await channel.checkQueue('dlq-app-dead')).messageCount).toBe(1));
    stop.abort();
    await eventually(async () => expect((await channel.checkQueue('app-dead')).consumerCount).toBe(0));
    await send(pubsub, 'dead', 'old', { ttlInSeconds: '1' });
    await eventually(async () => expect((await channel.checkQueue('dlq-app-dead')).messageCount).toBe(2));
    await channel.close();
  });

  it('delivers the rest while a poison message fails again and again', async () => {
    await using pubsub = await open({ prefetchCount: '2', queueType: 'quorum' });
    const stop = new AbortController();
    const got: string[] = [];
    const handler = async ({ data }: Message) => {
      const text = Buffer.from(data).toString();
      if (text === 'poison') throw new Error('no');
      got.push(text);
    };
    await pubsub.subscribe({ topic: 'poisoned' }, handler, stop.signal);
    await send(pubsub, 'poisoned', 'poison');
    for (let i = 0; i < 20; i++) await send(pubsub, 'poisoned', `${i}`);
    await eventually(() => expect(got).toHaveLength(20));
    stop.abort();
  });

  it('keeps a quorum queue, and refuses a kind of queue that is none', async () => {
    await using pubsub = await open(safe);
    const got = await gather(pubsub, 'quorum', { queueType: 'quorum', singleActiveConsumer: 'true' });
    await send(pubsub, 'quorum', 'x');
    await eventually(() => expect(got.texts).toEqual(['x']));
    got.stop();
    await expect(gather(pubsub, 'quorum', { queueType: 'fast' })).rejects.toThrow(
      'queueType of a subscription is "fast"',
    );
  });

  it('says so when a queue is there already with other arguments', async () => {
    await using pubsub = await open(safe);
    (await gather(pubsub, 'argued')).stop();
    await expect(gather(pubsub, 'argued', { maxLen: '5' })).rejects.toThrow('PRECONDITION_FAILED');
  });
});

describe('pubsub.rabbitmq in trouble', () => {
  it('names the broker, never the password, when it cannot connect', async () => {
    const wrong = open({ connectionString: `amqp://outrigger:hidden@127.0.0.1:${server.port}` });
    await expect(wrong).rejects.toThrow(`cannot connect to rabbitmq at 127.0.0.1:${server.port}`);
    await expect(wrong).rejects.not.toThrow('hidden');
    await expect(open({ connectionString: 'amqp://127.0.0.1:1' })).rejects.toThrow('ECONNREFUSED');
  });

  it('connects by host and user instead of a connection string', async () => {
    const parts = { hostname: `127.0.0.1:${server.port}`, username: 'outrigger', password: 'secret' };
    await using pubsub = await open({ connectionString: '', ...parts });
    await pubsub.ping?.();
  });

  it('loses nothing when connections are cut and when the broker is killed and started again', async () => {
    await using pubsub = await open(safe);
    const got = await gather(pubsub, 'cut');
    await send(pubsub, 'cut', 'before');
    await server.ctl('close_all_connections', 'test');
    await eventually(() => send(pubsub, 'cut', 'between'));
    await eventually(() => expect(got.texts).toContain('between'));
    await server.kill();
    const during = eventually(() => send(pubsub, 'cut', 'during'), 60_000, 250);
    await server.restart();
    await during;
    await eventually(() => expect(got.texts).toEqual(expect.arrayContaining(['before', 'between', 'during'])));
    got.stop();
  });
});

pubsubOutageConformance('pubsub.rabbitmq', {
  server: () => server,
  open: (login) =>
    open({
      ...safe,
      ...(login && { connectionString: `amqp://${login.user}:${login.password}@127.0.0.1:${server.port}` }),
    }),
});
