import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { Message, MessageHandler, PublishRequest, PubSub } from '#contracts/pubsub.ts';
import { duration, integer, text } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import { concurrencyGate } from '#kit/lifecycle/concurrency-gate.ts';
import { sharedDeadline } from '#kit/lifecycle/shared-deadline.ts';
import { openRedis, type Redis } from '../clients/redis.ts';
import { type RedisSettings, redisSettings } from '../clients/redis-settings.ts';
import { type RedisStream, streamGroup } from './redis-stream.ts';

export const component = defineComponent({
  type: 'pubsub.redis',
  versions: ['v1'],
  title: 'Redis Streams',
  description:
    'A stream per topic and a consumer group per app: each app gets every message once, kept until it is acknowledged.',
  settings: redisSettings.extend({
    consumerID: text('Name of the consumer group; the runtime puts the app ID here.').optional(),
    processingTimeout: duration(
      'How long an app may take for a message before it is delivered again; 0 never does.',
      'ms',
    ).default(60_000),
    redeliverInterval: duration('How often to look for such messages; 0 never does.', 'ms').default(15_000),
    queueDepth: integer('Most messages to read at once.', { min: 1 }).default(100),
    concurrency: integer('Most messages to hand out at once.', { min: 1 }).default(10),
    maxLenApprox: integer('About how many messages a stream keeps; 0 keeps all.', { min: 0 }).default(0),
    streamTTL: duration('How long a stream keeps messages; 0 is for ever.').default(0),
  }),
  open: async (settings, { log }: OpenContext) => {
    const redis = await openRedis(settings, log);
    const life = new AbortController();
    const gate = concurrencyGate(settings.concurrency);
    const pubsub: PubSub = {
      traits: [],
      publish: (request) => publish(redis, settings, request),
      async subscribe({ topic }, handler, subscription) {
        const { consumerID } = settings;
        if (!consumerID)
          throw fault(
            'invalid-metadata',
            `a subscription to ${topic} needs consumerID, the name of its consumer group`,
          );
        const ends = AbortSignal.any([subscription, life.signal]);
        const stream = streamGroup(redis, { ...settings, consumerID, topic, log });
        await stream.create();
        const { processingTimeout, redeliverInterval } = settings;
        const limit = processingTimeout > 0 ? sharedDeadline(processingTimeout, ends) : () => ends;
        const hand = async (id: string, message: Message) => {
          const leave = await gate.enter(undefined);
          void deliver(stream, id, message, { handler, leave, log, signal: limit() });
        };
        void stream.readNew(hand, ends);
        if (processingTimeout > 0 && redeliverInterval > 0) void stream.reclaim(hand, ends);
      },
      async ping() {
        await redis.send(undefined, ['PING'], { readonly: true });
      },
      async [Symbol.asyncDispose]() {
        life.abort();
        await redis[Symbol.asyncDispose]();
      },
    };
    return pubsub;
  },
});

export type RedisPubSubSettings = RedisSettings & {
  consumerID?: string | undefined;
  processingTimeout: number;
  redeliverInterval: number;
  queueDepth: number;
  maxLenApprox: number;
  streamTTL: number;
};

async function publish(
  redis: Redis,
  settings: RedisPubSubSettings,
  { topic, data, metadata }: PublishRequest,
): Promise<void> {
  const { maxLenApprox, streamTTL } = settings;
  const trim =
    maxLenApprox > 0
      ? ['MAXLEN', '~', String(maxLenApprox)]
      : streamTTL > 0
        ? ['MINID', '~', `${Date.now() - streamTTL}-1`]
        : [];
  const fields = ['data', Buffer.from(data.buffer, data.byteOffset, data.byteLength)];
  if (metadata) fields.push('metadata', JSON.stringify(metadata));
  await redis.send(topic, ['XADD', topic, ...trim, '*', ...fields]);
}

type Delivery = { handler: MessageHandler; leave(): void; log: OpenContext['log']; signal: AbortSignal };

/** Hands a message out that has a place at the gate. What fails stays pending in the group. */
async function deliver(
  stream: RedisStream,
  id: string,
  message: Message,
  { handler, leave, log, signal }: Delivery,
): Promise<void> {
  try {
    await handler(message, signal).finally(leave);
    await stream.acknowledge(id);
  } catch (error) {
    log.debug(`message ${id} of topic ${message.topic} stays pending: ${(error as Error).message}`);
  }
}
