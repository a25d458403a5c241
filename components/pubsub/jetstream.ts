import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection, nanos } from '@nats-io/transport-node';
import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { MessageHandler, PubSub } from '#contracts/pubsub.ts';
import { choice, duration, integer, list, secret, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';

const settings = z.object({
  natsURL: secret('Where the servers are: nats://host:4222 or nats://user:password@host:4222, several with commas.', {
    example: 'nats://localhost:4222',
  }),
  jwt: secret('User JWT; goes with seedKey.').optional(),
  seedKey: secret('Seed of the user’s key.').optional(),
  token: secret('Token, where the server asks for one.').optional(),
  tls_client_cert: text('Path of the certificate to show.').optional(),
  tls_client_key: text('Path of its key.').optional(),
  name: text('Name of the connection, for the server’s monitoring.').default('dapr.io - pubsub.jetstream'),
  streamName: text('Stream of every topic; without it, the stream whose subjects hold the topic.').optional(),
  durableName: text('Name of a consumer that outlives its sidecars; those of one name share its messages.').optional(),
  queueGroupName: text('Group whose members share messages.').optional(),
  startSequence: integer('First sequence to deliver, with deliverPolicy sequence.', { min: 0 }).default(0),
  startTime: integer('First moment to deliver, in seconds since 1970, with deliverPolicy time.', { min: 0 }).optional(),
  ackWait: duration(
    'How long an app may take for a message before it is delivered again; 0 is the server’s 30 s.',
  ).default(0),
  maxDeliver: integer('Most deliveries of one message; 0 is without end.', { min: 0 }).default(0),
  backOff: list('Pauses before deliveries after the first.').default([]),
  maxAckPending: integer('Most messages out at once; 0 is the server’s 1000.', { min: 0 }).default(0),
  replicas: integer('Copies of the consumer’s state; 0 is the stream’s.', { min: 0 }).default(0),
  memoryStorage: truth('Keeps the consumer’s state in memory.').default(false),
  deliverPolicy: choice('Where a new consumer begins.', ['all', 'last', 'new', 'sequence', 'time']).default('all'),
  ackPolicy: choice('Which messages an acknowledgement stands for.', ['explicit', 'all', 'none']).default('explicit'),
  domain: text('JetStream domain.').optional(),
  apiPrefix: text('Prefix of the JetStream API.').optional(),
  concurrency: choice('One message at a time, in order, or several.', ['single', 'parallel']).default('single'),
});

type Settings = z.output<typeof settings>;

export const component = defineComponent({
  type: 'pubsub.jetstream',
  versions: ['v1'],
  title: 'NATS JetStream',
  description:
    'Publishes to and consumes from streams of NATS JetStream. The streams are made beforehand, as they fix what is kept.',
  settings,
  open: (given, context: OpenContext) => openJetStream(given, context),
});

async function openJetStream(given: Settings, { log }: OpenContext): Promise<PubSub> {
  const connection = await connected(given);
  const options = {
    ...(given.domain ? { domain: given.domain } : {}),
    ...(given.apiPrefix ? { apiPrefix: given.apiPrefix } : {}),
  };
  const client = jetstream(connection, options);
  const manager = await jetstreamManager(connection, options).catch(async (cause) => {
    await connection.close();
    throw fault('unavailable', `nats at ${connection.getServer()} offers no JetStream: ${cause.message}`, { cause });
  });
  const life = new AbortController();
  return {
    traits: [],
    async publish({ topic, data }) {
      await client.publish(topic, data).catch((cause: Error) => {
        // What the library takes for a server without JetStream: it has JetStream, as it was asked for that at the start.
        const unheard = cause.name === 'JetStreamNotEnabled';
        const problem = unheard
          ? `no stream took the message for "${topic}": make one with that subject`
          : `cannot send the message for "${topic}": ${cause.message}`;
        throw fault('unavailable', `jetstream: ${problem}`, { cause });
      });
    },
    async subscribe({ topic }, handler, subscription) {
      const ends = AbortSignal.any([subscription, life.signal]);
      const stream = given.streamName ?? (await streamOf(manager, topic));
      const { name } = await manager.consumers.add(stream, consumerConfig(given, topic));
      const consumer = await client.consumers.get(stream, name);
      const messages = await consumer.consume();
      ends.addEventListener('abort', () => void messages.close(), { once: true });
      void (async () => {
        for await (const message of messages) {
          const done = deliver(message, topic, handler, { given, log, signal: ends });
          if (given.concurrency === 'single') await done;
        }
      })().catch(
        (thrown: Error) => ends.aborted || log.error(`jetstream: subscription to ${topic} ended: ${thrown.message}`),
      );
    },
    async ping() {
      await connection.rtt();
    },
    async [Symbol.asyncDispose]() {
      life.abort();
      await connection.drain().catch(() => connection.close());
    },
  };
}

async function connected(given: Settings): Promise<NatsConnection> {
  if ((given.jwt === undefined) !== (given.seedKey === undefined))
    throw fault('invalid-metadata', 'pubsub.jetstream: jwt and seedKey go together');
  if ((given.tls_client_cert === undefined) !== (given.tls_client_key === undefined)) {
    throw fault('invalid-metadata', 'pubsub.jetstream: tls_client_cert and tls_client_key go together');
  }
  const creds = `-----BEGIN NATS USER JWT-----\n${given.jwt}\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n${given.seedKey}\n------END USER NKEY SEED------\n`;
  const { servers, login } = readServers(given.natsURL);
  try {
    return await connect({
      servers,
      name: given.name,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      // A password that is wrong now may be right again: only whoever opened this ends it.
      ignoreAuthErrorAbort: true,
      ...login,
      ...(given.token === undefined ? {} : { token: given.token }),
      ...(given.jwt === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(creds)) }),
      ...(given.tls_client_cert === undefined
        ? {}
        : { tls: { certFile: given.tls_client_cert, keyFile: given.tls_client_key! } }),
    });
  } catch (cause) {
    throw fault('unavailable', `cannot connect to nats at ${servers.join(', ')}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

type Login = { user: string; pass: string } | { token: string };

/** Reads addresses as NATS' own clients do: a name without a password before the host is a token. */
function readServers(natsURL: string): { servers: string[]; login: Login | undefined } {
  const urls = natsURL.split(',').map((one) => {
    const address = one.trim();
    const url = URL.parse(address.includes('://') ? address : `nats://${address}`);
    if (url === null) throw fault('invalid-metadata', 'pubsub.jetstream: natsURL is not nats://host:port');
    return url;
  });
  const [user = '', pass = ''] = urls
    .filter(({ username }) => username !== '')
    .flatMap(({ username, password }) => [decodeURIComponent(username), decodeURIComponent(password)]);
  const login = user === '' ? undefined : pass === '' ? { token: user } : { user, pass };
  return { servers: urls.map(({ host }) => host), login };
}

async function streamOf(manager: JetStreamManager, topic: string): Promise<string> {
  return manager.streams.find(topic).catch((cause) => {
    throw fault('not-found', `jetstream: no stream has the subject "${topic}": make one, or set streamName`, { cause });
  });
}

const ackPolicies = { explicit: AckPolicy.Explicit, all: AckPolicy.All, none: AckPolicy.None } as const;
const deliverPolicies = {
  all: DeliverPolicy.All,
  last: DeliverPolicy.Last,
  new: DeliverPolicy.New,
  sequence: DeliverPolicy.StartSequence,
  time: DeliverPolicy.StartTime,
} as const;

function consumerConfig(given: Settings, topic: string): Partial<ConsumerConfig> {
  const durable = given.durableName ?? given.queueGroupName;
  return {
    filter_subject: topic,
    ack_policy: ackPolicies[given.ackPolicy],
    deliver_policy: deliverPolicies[given.deliverPolicy],
    ...(durable === undefined ? { inactive_threshold: nanos(60_000) } : { durable_name: durable }),
    ...(given.startSequence > 0 ? { opt_start_seq: given.startSequence } : {}),
    ...(given.startTime === undefined ? {} : { opt_start_time: new Date(given.startTime * 1_000).toISOString() }),
    ...(given.ackWait > 0 ? { ack_wait: nanos(given.ackWait) } : {}),
    ...(given.maxDeliver > 0 ? { max_deliver: given.maxDeliver } : {}),
    ...(given.backOff.length > 0 ? { backoff: given.backOff.map((pause) => nanos(parseDuration(pause))) } : {}),
    ...(given.maxAckPending > 0 ? { max_ack_pending: given.maxAckPending } : {}),
    ...(given.replicas > 0 ? { num_replicas: given.replicas } : {}),
    ...(given.memoryStorage ? { mem_storage: true } : {}),
  };
}

type Delivery = { given: Settings; log: OpenContext['log']; signal: AbortSignal };

async function deliver(
  message: JsMsg,
  topic: string,
  handler: MessageHandler,
  { given, log, signal }: Delivery,
): Promise<void> {
  if (signal.aborted) return;
  try {
    await handler({ topic, data: message.data, metadata: { Topic: message.subject } }, signal);
    if (given.ackPolicy !== 'none') message.ack();
  } catch (thrown) {
    log.debug(`jetstream message ${message.seq} of ${topic} is asked for again: ${(thrown as Error).message}`);
    if (given.ackPolicy !== 'none') message.nak(given.ackWait || undefined);
  }
}
