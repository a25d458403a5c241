import type { Channel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { defineComponent, type Metadata, type OpenContext } from '#contracts/component.ts';
import { metadataItem } from '#contracts/metadata.ts';
import type { Message, MessageHandler, PublishRequest, PubSub, SubscribeRequest } from '#contracts/pubsub.ts';
import { choice, duration, integer, pem, secret, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { isTruthy } from '#kit/values/truthy.ts';
import { type Amqp, openAmqp } from '../clients/amqp.ts';
import { amqpProperties } from '../clients/amqp-properties.ts';
import { type AmqpPublisher, amqpPublisher } from '../clients/amqp-publisher.ts';

const settings = z.object({
  connectionString: secret('amqp[s]://user:password@host:port/vhost; in place of the four that follow.', {
    aliases: ['host'],
    example: 'amqp://localhost:5672',
  }).optional(),
  protocol: choice('With or without TLS; must be that of connectionString where both are given.', [
    'amqp',
    'amqps',
  ]).optional(),
  hostname: text('host or host:port of the broker.').default('localhost'),
  username: text('User of the broker.').optional(),
  password: secret('Password of the user.').optional(),
  consumerID: text('Stands before the topic in the names of queues; the runtime puts the app ID here.').optional(),
  durable: truth('Keeps exchanges and queues through a restart of the broker.').default(true),
  deletedWhenUnused: truth(
    'Deletes exchanges and queues, and what is in them, when their last user goes. Set it to false where messages must outlive the sidecars.',
  ).default(true),
  autoAck: truth('Counts a message as delivered when it leaves the broker: what the app fails is lost.').default(false),
  requeueInFailure: truth(
    'Puts what an app fails back into the queue, at once and without end; else it is dropped, or goes to the dead-letter exchange.',
  ).default(false),
  enableDeadLetter: truth('Declares dlx-<queue> and dlq-<queue>, where failed and expired messages go.').default(false),
  deliveryMode: integer('2 keeps messages on disk; 0 and 1 do not.', { min: 0, max: 2 }).default(0),
  publisherConfirm: truth(
    'Waits until the broker has the message. Without it a lost connection may lose some.',
  ).default(false),
  prefetchCount: integer('Most messages out at once; 0 is 1000.', { min: 0, max: 65_535 }).default(0),
  concurrencyMode: choice(
    'Hands messages to the app one at a time, in order, or side by side.',
    ['parallel', 'single'],
    {
      aliases: ['concurrency'],
    },
  ).default('parallel'),
  exchangeKind: choice('Kind of the exchange of each topic.', ['fanout', 'topic', 'direct', 'headers']).default(
    'fanout',
  ),
  maxLen: integer('Most messages a queue keeps; 0 keeps all.', { min: 0 }).default(0),
  maxLenBytes: integer('Most bytes a queue keeps; 0 keeps all.', { min: 0 }).default(0),
  ttlInSeconds: duration('Life of messages that bring none of their own.', 's', { aliases: ['ttl'] })
    .refine((ms) => ms > 0, 'must be positive')
    .optional(),
  reconnectWaitSeconds: duration('Longest pause before a lost connection is made again.').default(3_000),
  heartBeat: duration('How often both ends show that they live.').default(10_000),
  clientName: text('What the broker shows the connection as.').optional(),
  caCert: pem('Authority that signed the broker’s certificate, for amqps.').optional(),
  clientCert: pem('Certificate to show.').optional(),
  clientKey: pem('Key of clientCert.', { secret: true }).optional(),
  saslExternal: truth('Lets the certificate say who calls; needs caCert, clientCert and clientKey.').default(false),
  publishMessagePropertiesToMetadata: truth(
    'Adds the headers and properties of a message to its metadata, with "metadata." before each name.',
  ).default(false),
});

type Settings = z.output<typeof settings>;

export const component = defineComponent({
  type: 'pubsub.rabbitmq',
  versions: ['v1'],
  title: 'RabbitMQ',
  description:
    'An exchange per topic and a queue per app and topic. Nothing is lost with durable, deliveryMode 2, publisherConfirm and requeueInFailure or enableDeadLetter set, and deletedWhenUnused off.',
  settings,
  open: (given, context) => openRabbitMQ(given, context),
});

const mostUnderWay = 1_000;

async function openRabbitMQ(given: Settings, { log }: OpenContext): Promise<PubSub> {
  const amqp = await openAmqp(
    {
      url: addressOf(given),
      heartbeat: given.heartBeat,
      clientName: given.clientName,
      tls: { ca: given.caCert, cert: given.clientCert, key: given.clientKey },
      saslExternal: given.saslExternal,
      reconnectWait: given.reconnectWaitSeconds,
    },
    log,
  );
  const declare = (channel: Channel, topic: string) => declareExchange(channel, topic, given);
  const publisher = amqpPublisher(amqp, { confirm: given.publisherConfirm, declare });
  return {
    traits: ['MESSAGE_TTL'],
    publish: (request) => publish(publisher, { given, log }, request),
    subscribe: (request, handler, until) => subscribe(amqp, { given, log }, request, handler, until),
    async ping() {
      const channel = await amqp.channel('plain');
      await channel.close();
    },
    [Symbol.asyncDispose]: () => amqp[Symbol.asyncDispose](),
  };
}

/** Throws `invalid-metadata` for settings that contradict each other. */
function addressOf(given: Settings): URL {
  const { connectionString, protocol, hostname, username, password, caCert, clientCert, clientKey } = given;
  if (given.saslExternal && !(caCert && clientCert && clientKey)) {
    throw fault('invalid-metadata', 'saslExternal needs caCert, clientCert and clientKey');
  }
  if (connectionString === undefined) {
    const url = new URL(`${protocol ?? 'amqp'}://${hostname}`);
    if (username !== undefined) url.username = encodeURIComponent(username);
    if (username !== undefined && password !== undefined) url.password = encodeURIComponent(password);
    return url;
  }
  const url = URL.parse(connectionString);
  if (url === null || !/^amqps?:$/.test(url.protocol)) {
    throw fault('invalid-metadata', 'connectionString is not amqp[s]://user:password@host:port/vhost');
  }
  if (protocol !== undefined && url.protocol !== `${protocol}:`) {
    throw fault('invalid-metadata', `protocol is ${protocol}, but connectionString says ${url.protocol.slice(0, -1)}`);
  }
  return url;
}

const declareExchange = (channel: Channel, topic: string, { exchangeKind, durable, deletedWhenUnused }: Settings) =>
  channel.assertExchange(topic, exchangeKind, { durable, autoDelete: deletedWhenUnused });

type Setting = { given: Settings; log: OpenContext['log'] };

async function publish(
  publisher: AmqpPublisher,
  { given, log }: Setting,
  { topic, data, metadata }: PublishRequest,
): Promise<void> {
  const ignored = (error: Error) => log.warn(`publishing to ${topic}: ${error.message}; it is ignored`);
  const options = { deliveryMode: given.deliveryMode || 1, ...amqpProperties(metadata, given.ttlInSeconds, ignored) };
  const content = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  await publisher.publish(topic, metadata?.['routingKey'] ?? '', content, options);
}

async function subscribe(
  amqp: Amqp,
  { given, log }: Setting,
  { topic, metadata = {} }: SubscribeRequest,
  handler: MessageHandler,
  signal: AbortSignal,
): Promise<void> {
  const queue = metadataItem(metadata, 'queueName') || (given.consumerID && `${given.consumerID}-${topic}`);
  if (!queue)
    throw fault('invalid-metadata', `a subscription to ${topic} needs consumerID, or queueName in its metadata`);
  const args = queueArguments(queue, given, metadata);
  await amqp.keep(async (channel) => {
    await declareExchange(channel, topic, given);
    if (given.enableDeadLetter) await declareDeadLetters(channel, queue, given);
    await channel.assertQueue(queue, { durable: given.durable, autoDelete: given.deletedWhenUnused, arguments: args });
    for (const key of (metadataItem(metadata, 'routingKey') ?? '').split(','))
      await channel.bindQueue(queue, topic, key);
    await channel.prefetch(given.prefetchCount || mostUnderWay);
    const deliver = deliverer(channel, topic, handler, { given, log, signal });
    await channel.consume(queue, deliver, { noAck: given.autoAck });
  }, signal);
}

async function declareDeadLetters(channel: Channel, queue: string, given: Settings): Promise<void> {
  const { deletedWhenUnused: autoDelete } = given;
  await channel.assertExchange(`dlx-${queue}`, 'fanout', { durable: true, autoDelete });
  const args = { ...lengthArguments(given.maxLen, given.maxLenBytes), 'x-queue-mode': 'lazy' };
  await channel.assertQueue(`dlq-${queue}`, { durable: true, autoDelete, arguments: args });
  await channel.bindQueue(`dlq-${queue}`, `dlx-${queue}`, '');
}

/** Throws `invalid-metadata` naming what of the subscription's metadata is wrong. */
function queueArguments(queue: string, given: Settings, metadata: Metadata): Record<string, unknown> {
  const number = (name: string) => {
    const value = metadataItem(metadata, name) ?? '';
    if (!/^\d*$/.test(value)) throw fault('invalid-metadata', `${name} of a subscription is "${value}", not a number`);
    return value === '' ? undefined : Number(value);
  };
  const type = metadataItem(metadata, 'queueType') || 'classic';
  if (type !== 'classic' && type !== 'quorum') {
    throw fault('invalid-metadata', `queueType of a subscription is "${type}": it must be classic or quorum`);
  }
  const priority = number('maxPriority');
  return {
    'x-queue-type': type,
    ...lengthArguments(number('maxLen') ?? given.maxLen, number('maxLenBytes') ?? given.maxLenBytes),
    ...(given.enableDeadLetter && { 'x-dead-letter-exchange': `dlx-${queue}` }),
    ...(priority !== undefined && { 'x-max-priority': Math.min(priority, 255) }),
    ...(isTruthy(metadataItem(metadata, 'singleActiveConsumer') ?? '') && { 'x-single-active-consumer': true }),
  };
}

const lengthArguments = (messages: number, bytes: number) => ({
  ...(messages > 0 && { 'x-max-length': messages }),
  ...(bytes > 0 && { 'x-max-length-bytes': bytes }),
});

function deliverer(
  channel: Channel,
  topic: string,
  handler: MessageHandler,
  { given, log, signal }: Setting & { signal: AbortSignal },
): (message: ConsumeMessage | null) => void {
  const settle = (how: () => void) => {
    if (given.autoAck) return;
    try {
      how();
    } catch (error) {
      log.debug(`a message of ${topic} comes again, as its channel is gone: ${(error as Error).message}`);
    }
  };
  const deliver = async (message: ConsumeMessage): Promise<void> => {
    try {
      await handler(messageOf(topic, message, given), signal);
      settle(() => channel.ack(message));
    } catch (error) {
      // What the end of the subscription cut off goes back to the queue with the channel.
      if (signal.aborted) return;
      log.debug(`a message of ${topic} failed: ${(error as Error).message}`);
      settle(() => channel.nack(message, false, given.requeueInFailure));
    }
  };
  let last = Promise.resolve();
  return (message) => {
    if (message === null) {
      log.warn(`the broker ended the subscription to ${topic}: its queue was deleted`);
      channel.close().catch(() => {});
    } else if (given.concurrencyMode === 'parallel') void deliver(message);
    else last = last.then(() => deliver(message));
  };
}

function messageOf(topic: string, { content, properties }: ConsumeMessage, given: Settings): Message {
  if (!given.publishMessagePropertiesToMetadata) return { topic, data: content };
  const { messageId, correlationId, type, contentType, headers } = properties;
  const named = { messageid: messageId, correlationid: correlationId, type, contenttype: contentType, ...headers };
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(named)) {
    if (value !== undefined && value !== null && value !== '') metadata[`metadata.${name}`] = String(value);
  }
  return { topic, data: content, metadata };
}
