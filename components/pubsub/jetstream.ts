import { type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { MessageHandler, PubSub } from '#contracts/pubsub.ts';
import { choice, duration, integer, list, secret, text, truth } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { openConsumer } from './jetstream-consumer.ts';

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
  flowControl: truth('Lets the server pause while the sidecar is behind; wants a heartbeat too.').default(false),
  heartbeat: duration('How often the server says that it lives while there is nothing to send.').default(0),
  rateLimit: integer('Most bits a second that the server sends; 0 is without bound.', { min: 0 }).default(0),
  concurrency: choice('One message at a time, in order, or several.', ['single', 'parallel']).default('single'),
});

type Settings = z.output<typeof settings>;

export const component = defineComponent({
  type: 'pubsub.jetstream',
  versions: ['v1'],
  title: 'NATS JetStream',
  description:
    'Publishes to and consumes from streams of NATS JetStream, which are made beforehand, as they fix what is kept. A stream takes an event of the same ID once within its duplicate window. A durable consumer that Dapr’s sidecars made is used as it is; they cannot read one made here.',
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
      const msgID = eventId(data);
      await client.publish(topic, data, msgID === undefined ? {} : { msgID }).catch((cause: Error) => {
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
      const consumer = await openConsumer({ client, manager }, given, topic);
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

/** What a stream knows a message again by: the `id` of its CloudEvent. */
function eventId(data: Uint8Array): string | undefined {
  if (data[0] !== openingBrace) return undefined;
  try {
    const { id } = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()) as {
      id?: unknown;
    };
    return typeof id === 'string' && id !== '' ? id : undefined;
  } catch {
    return undefined;
  }
}

const openingBrace = 0x7b;

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
