import type { BulkEntry, BulkHandler, BulkMessage, FailedEntry } from '#contracts/pubsub.ts';
import { cloudEventType } from '../blocks/pubsub/content-type.ts';
import { isRawPayload } from '../blocks/pubsub/request-metadata.ts';
import type { Outcome } from '../telemetry/pubsub-metrics.ts';
import { type DeliverySetting, statusOf } from './deliver.ts';
import { hasExpired, readIncoming } from './incoming.ts';
import type { BulkLetter } from './postman.ts';
import { pathFor } from './route.ts';

/** A batch under way, and what has become of its messages so far. */
type Batch = {
  setting: DeliverySetting;
  raw: boolean;
  bulk: BulkMessage;
  /** As the app knows it. */
  topic: string;
  signal: AbortSignal;
  /** Why they have to come again, by entry ID. */
  failed: Map<string, string>;
  /** IDs of those that nobody wants. */
  dropped: string[];
};

/** What is done with a batch: its messages are delivered together by path; those that are not taken are buried or fail. */
export function bulkHandler(setting: DeliverySetting): BulkHandler {
  const { subscription, topicPrefix, count } = setting;
  const raw = isRawPayload(subscription.metadata);
  return async (bulk, signal) => {
    const topic = bulk.topic.startsWith(topicPrefix) ? bulk.topic.slice(topicPrefix.length) : bulk.topic;
    const batch: Batch = { setting, raw, bulk, topic, signal, failed: new Map(), dropped: [] };
    const began = performance.now();
    await Promise.all([...byPath(batch)].map(([path, entries]) => deliver(batch, path, entries)));
    await buryDead(batch);
    const again = [...batch.failed].map(([entryId, error]): FailedEntry => ({ entryId, error }));
    count.batch(performance.now() - began, outcomes(batch));
    return again;
  };
}

type Entries = BulkLetter['entries'][number][];

/** Messages by the path they go to; notes those that are dropped or cannot be read. */
function byPath(batch: Batch): Map<string, Entries> {
  const paths = new Map<string, Entries>();
  for (const entry of batch.bulk.entries) {
    try {
      const read = readEntry(batch, entry);
      if (read === undefined) {
        batch.dropped.push(entry.entryId);
        continue;
      }
      const entries = paths.get(read.path) ?? [];
      paths.set(read.path, entries);
      entries.push(read.entry);
    } catch (thrown) {
      batch.failed.set(entry.entryId, (thrown as Error).message);
    }
  }
  return paths;
}

/** Undefined for a message that nobody wants: it expired, or no route matches. */
function readEntry({ setting, raw, topic }: Batch, { entryId, event: data, contentType, metadata = {} }: BulkEntry) {
  const { pubsubName, rules } = setting.subscription;
  const message = { topic, data, contentType: contentType || undefined, metadata };
  const read = readIncoming(message, { raw, pubsubName, topic });
  const path = hasExpired(read.event, setting.now()) ? undefined : pathFor(rules, read.event);
  if (path === undefined) return undefined;
  const type = contentType || (raw ? 'application/octet-stream' : cloudEventType);
  const bytes = raw ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : read.data;
  return { path, entry: { entryId, event: read.event, data: bytes, contentType: type, metadata } };
}

/** Brings the messages of a path to the app, again and again as the policy says, less those that it has settled. */
async function deliver(batch: Batch, path: string, entries: BulkLetter['entries']): Promise<void> {
  const { setting, raw, bulk, topic, signal, failed, dropped } = batch;
  const { pubsubName } = setting.subscription;
  const metadata = { ...bulk.metadata, pubsubName };
  let left = entries;
  const attempt = async (one: AbortSignal) => {
    const letter = { pubsubName, topic, path, raw, metadata, entries: left };
    const verdicts = await setting.postman.deliverBulk(letter, one);
    dropped.push(...left.filter(({ entryId }) => verdicts.get(entryId) === 'drop').map(({ entryId }) => entryId));
    left = left.filter(({ entryId }) => (verdicts.get(entryId) ?? 'retry') === 'retry');
    if (left.length > 0) throw new Error(`${left.length} of a bulk have to come again`);
  };
  try {
    await setting.run(setting.policy, (one) => attempt(one.signal ?? signal), { signal, statusOf });
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    setting.log.warn(`topic ${topic}: ${(thrown as Error).message}`);
    for (const { entryId } of left) failed.set(entryId, (thrown as Error).message);
  }
}

/** Publishes what failed or was dropped as dead letters, where the subscription has a topic for them. */
async function buryDead({ setting, bulk, failed, dropped }: Batch): Promise<void> {
  const { deadLetterTopic } = setting.subscription;
  if (deadLetterTopic === '') return;
  const dead = bulk.entries.filter(({ entryId }) => failed.has(entryId) || dropped.includes(entryId));
  const bury = async ({ entryId, event, metadata, contentType }: BulkEntry): Promise<void> => {
    try {
      await setting.bury({ topic: bulk.topic, data: event, metadata, contentType }, deadLetterTopic);
      failed.delete(entryId);
    } catch (thrown) {
      setting.log.error(`error sending message to dead letter topic ${deadLetterTopic}: ${(thrown as Error).message}`);
    }
  };
  await Promise.all(dead.map(bury));
}

function outcomes({ bulk, failed, dropped }: Batch): Map<Outcome, number> {
  const drops = dropped.filter((id) => !failed.has(id)).length;
  const counts: [Outcome, number][] = [
    ['success', bulk.entries.length - drops - failed.size],
    ['drop', drops],
    ['retry', failed.size],
  ];
  return new Map(counts.filter(([, events]) => events > 0));
}
