import type { Channel, ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import type { Binding, EventHandler, InvokeRequest, InvokeResponse } from '#contracts/binding.ts';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { duration, integer, pem, secret, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { openAmqp } from '../clients/amqp.ts';
import { amqpProperties } from '../clients/amqp-properties.ts';
import { type AmqpPublisher, amqpPublisher } from '../clients/amqp-publisher.ts';

const settings = z.object({
  host: secret('amqp[s]://user:password@host:port/vhost', {
    example: 'amqp://localhost:5672',
    whenMissing: 'missing host address',
  }),
  queueName: text('Queue to read from and to write to.', { whenMissing: 'missing queue Name' }),
  durable: truth('Keeps the queue through a restart of the broker.').default(false),
  deleteWhenUnused: truth('Deletes the queue when its last reader goes.').default(false),
  exclusive: truth('Lets only this connection use the queue, which goes with it.').default(false),
  ttlInSeconds: duration('Life of messages in the queue that bring none of their own.', 's', { aliases: ['ttl'] })
    .refine((ms) => ms > 0, 'must be positive')
    .optional(),
  prefetchCount: integer('Most messages the broker sends ahead; 0 is 1000.', { min: 0, max: 65_535 }).default(0),
  maxPriority: integer('Makes it a queue of priorities up to this one.', { min: 0 })
    .transform((priority) => Math.min(priority, 255))
    .optional(),
  reconnectWaitInSeconds: duration('Longest pause before a lost connection is made again.').default(5_000),
  caCert: pem('Authority that signed the broker’s certificate, for amqps.').optional(),
  clientCert: pem('Certificate to show.').optional(),
  clientKey: pem('Key of clientCert.', { secret: true }).optional(),
  externalSasl: truth('Lets the certificate say who calls.', { aliases: ['saslExternal'] }).default(false),
});

type Settings = z.output<typeof settings>;

export const component = defineComponent({
  type: 'bindings.rabbitmq',
  versions: ['v1'],
  title: 'RabbitMQ',
  description: 'Reads a queue, one message after the other, and writes messages to it that survive a restart.',
  settings,
  open: (given, context) => openRabbitMQ(given, context),
});

const heartbeat = 10_000;
const mostUnderWay = 1_000;

async function openRabbitMQ(given: Settings, { log }: OpenContext): Promise<Binding> {
  const amqp = await openAmqp(
    {
      url: addressOf(given.host),
      heartbeat,
      tls: { ca: given.caCert, cert: given.clientCert, key: given.clientKey },
      saslExternal: given.externalSasl,
      reconnectWait: given.reconnectWaitInSeconds,
    },
    log,
  );
  const publisher = amqpPublisher(amqp, { confirm: true, declare: (channel) => declareQueue(channel, given) });
  return {
    operations: ['create'],
    invoke: (request) => create(publisher, given, request),
    read: (handler, until) =>
      amqp.keep(async (channel) => {
        await declareQueue(channel, given);
        await channel.prefetch(given.prefetchCount || mostUnderWay);
        await channel.consume(given.queueName, reader(channel, handler, log, until));
      }, until),
    async ping() {
      const channel = await amqp.channel('plain');
      await channel.close();
    },
    [Symbol.asyncDispose]: () => amqp[Symbol.asyncDispose](),
  };
}

function addressOf(host: string): URL {
  const url = URL.parse(host);
  if (url !== null && /^amqps?:$/.test(url.protocol)) return url;
  throw fault('invalid-metadata', 'host is not amqp[s]://user:password@host:port/vhost');
}

const declareQueue = (channel: Channel, given: Settings) =>
  channel.assertQueue(given.queueName, {
    durable: given.durable,
    autoDelete: given.deleteWhenUnused,
    exclusive: given.exclusive,
    arguments: {
      ...(given.ttlInSeconds !== undefined && { 'x-message-ttl': given.ttlInSeconds }),
      ...(given.maxPriority !== undefined && { 'x-max-priority': given.maxPriority }),
    },
  });

async function create(
  publisher: AmqpPublisher,
  { queueName }: Settings,
  { operation, data, metadata = {} }: InvokeRequest,
): Promise<InvokeResponse> {
  if (operation !== 'create')
    throw fault('bad-request', `operation ${operation} is not one of bindings.rabbitmq: create`);
  const refused = (error: Error) => {
    throw error;
  };
  const content = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  await publisher.publish('', queueName, content, {
    persistent: true,
    headers: { ...metadata },
    ...amqpProperties(metadata, undefined, refused),
  });
  return {};
}

/** One message after the other, in the order of the queue; what the app fails goes back into it. */
function reader(
  channel: Channel,
  handler: EventHandler,
  log: OpenContext['log'],
  signal: AbortSignal,
): (message: ConsumeMessage | null) => void {
  const hand = async (message: ConsumeMessage): Promise<void> => {
    if (signal.aborted) return;
    try {
      const taken = await handler({ data: message.content, metadata: headersOf(message) }, signal).then(
        () => true,
        () => false,
      );
      if (taken) channel.ack(message);
      else if (!signal.aborted) channel.nack(message);
    } catch (error) {
      log.debug(`a message comes again, as its channel is gone: ${(error as Error).message}`);
    }
  };
  let last = Promise.resolve();
  return (message) => {
    if (message === null) channel.close().catch(() => {});
    else last = last.then(() => hand(message));
  };
}

/** Names are escaped as in a query, so that they can be names of HTTP headers. */
function headersOf({ properties }: ConsumeMessage): Record<string, string> {
  const entries = Object.entries((properties.headers ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.flatMap(([name, value]) =>
      typeof value === 'string' ? [[encodeURIComponent(name).replaceAll('%20', '+'), value]] : [],
    ),
  );
}
