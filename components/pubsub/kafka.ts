import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { BulkEntry, BulkHandler, FailedEntry, PubSub } from '#contracts/pubsub.ts';
import { truth } from '#contracts/settings.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { type KafkaSettings, kafkaSettings } from '../clients/kafka/connection.ts';
import { createKafkaGroup } from '../clients/kafka/group.ts';
import { type RecordMetadata, recordMetadata } from '../clients/kafka/metadata.ts';
import { oneByOne } from '../clients/kafka/one-by-one.ts';
import type { KafkaRecord } from '../clients/kafka/partition.ts';
import { openKafkaProducer } from '../clients/kafka/producer.ts';
import type { Consume } from '../clients/kafka/session.ts';

const settings = kafkaSettings.safeExtend({
  consumeRetryEnabled: truth(
    'Hands a message that failed out again, and nothing after it of its partition, until it is taken; else it is left out.',
  ).default(true),
});

type Settings = KafkaSettings & { consumeRetryEnabled: boolean };

export const component = defineComponent({
  type: 'pubsub.kafka',
  versions: ['v1'],
  title: 'Apache Kafka',
  description:
    'Keeps the order of each partition: the app gets its messages one after the other. The app’s sidecars share the partitions of a topic.',
  settings,
  open: (given, context) => openKafka(given, context),
});

async function openKafka(given: Settings, { log }: OpenContext): Promise<PubSub> {
  const producer = await openKafkaProducer(given);
  const group = createKafkaGroup(given, log);
  const consumer: Consumer = { given, log, metadataOf: recordMetadata(given) };
  return {
    traits: [],
    publish: ({ topic, data, metadata }) => producer.send(topic, data, metadata),
    async bulkPublish({ topic, entries, metadata }) {
      const sends = entries.map(({ event, metadata: own }) => producer.send(topic, event, { ...own, ...metadata }));
      return failuresOf(entries, await Promise.allSettled(sends));
    },
    subscribe({ topic }, handler, until) {
      const hand = (record: KafkaRecord, ends: AbortSignal) =>
        handler({ topic, data: bytesOf(record), metadata: consumer.metadataOf(record) }, ends);
      return group.subscribe(topic, oneByOne(hand, { ...retrying(given), log }), until);
    },
    bulkSubscribe: ({ topic, maxMessages, maxAwaitMs }, handler, until) =>
      group.subscribe(topic, inBulk({ topic, maxMessages, maxAwaitMs }, handler, consumer), until),
    ping: () => producer.ping(),
    async [Symbol.asyncDispose]() {
      await group[Symbol.asyncDispose]();
      await producer[Symbol.asyncDispose]();
    },
  };
}

const retrying = (given: Settings) => ({
  retry: given.consumeRetryEnabled,
  pause: given.consumeRetryInterval,
  ahead: given.channelBufferSize,
});

function failuresOf(entries: readonly BulkEntry[], outcomes: readonly PromiseSettledResult<void>[]): FailedEntry[] {
  return outcomes.flatMap((outcome, i) =>
    outcome.status === 'fulfilled' ? [] : [{ entryId: entries[i]!.entryId, error: (outcome.reason as Error).message }],
  );
}

type Consumer = { given: Settings; log: OpenContext['log']; metadataOf: RecordMetadata };

const bytesOf = ({ value }: KafkaRecord): Buffer => value ?? Buffer.alloc(0);

type Bulk = { topic: string; maxMessages: number; maxAwaitMs: number };

function inBulk({ topic, maxMessages, maxAwaitMs }: Bulk, handler: BulkHandler, consumer: Consumer): Consume {
  const { given, log, metadataOf } = consumer;
  const entryOf = (record: KafkaRecord): BulkEntry => ({
    entryId: String(record.offset),
    event: bytesOf(record),
    contentType: '',
    metadata: metadataOf(record),
  });
  const attempt = (entries: readonly BulkEntry[], signal: AbortSignal): Promise<readonly FailedEntry[]> =>
    handler({ topic, entries }, signal).catch((error: Error) =>
      entries.map(({ entryId }) => ({ entryId, error: error.message })),
    );
  /** Whether all were taken, or left out. */
  const settle = async (records: readonly KafkaRecord[], signal: AbortSignal): Promise<boolean> => {
    for (let left = records.map(entryOf); !signal.aborted; ) {
      const failed = await attempt(left, signal);
      if (failed.length === 0) return true;
      if (signal.aborted) break;
      log.warn(`kafka: ${failed.length} of ${left.length} messages of ${topic} failed: ${failed[0]!.error}`);
      if (!given.consumeRetryEnabled) return true;
      const again = new Set(failed.map(({ entryId }) => entryId));
      left = left.filter(({ entryId }) => again.has(entryId));
      await systemClock.pause(given.consumeRetryInterval, signal);
    }
    return false;
  };
  return async (records, signal) => {
    for (;;) {
      const some = await records.take(maxMessages, maxAwaitMs);
      if (some.length === 0 || !(await settle(some, signal))) return;
      records.done(some.at(-1)!);
    }
  };
}
