import { randomUUID } from 'node:crypto';
import type { BulkEntry, BulkHandler, FailedEntry, Message, MessageHandler, PubSub } from '#contracts/pubsub.ts';
import { cloudEventType } from '../blocks/pubsub/content-type.ts';
import { isRawPayload } from '../blocks/pubsub/request-metadata.ts';
import type { Outcome } from '../telemetry/pubsub-metrics.ts';
import { type DeliverySetting, statusOf } from './deliver.ts';
import { hasExpired, readIncoming } from './incoming.ts';
import type { BulkLetter } from './postman.ts';
import { pathFor } from './route.ts';

type Letters = Map<string, BulkLetter['entries'][number][]>;

/** What is done with a batch: its messages are delivered together by path; those that are not taken are buried or fail. */
export function bulkHandler(setting: DeliverySetting): BulkHandler {
  const { subscription, topicPrefix, postman, policy, run, log, bury } = setting;
  const { pubsubName, rules, deadLetterTopic } = subscription;
  const raw = isRawPayload(subscription.metadata);
  return async (bulk, signal) => {
    const topic = bulk.topic.startsWith(topicPrefix) ? bulk.topic.slice(topicPrefix.length) : bulk.topic;
    const failed = new Map<string, string>();
    const buried: string[] = [];
    const byPath: Letters = new Map();
    const began = performance.now();
    for (const entry of bulk.entries) sort(entry, topic);
    await Promise.all([...byPath].map(([path, entries]) => deliver(path, entries)));
    const again = await settle();
    setting.count.batch(performance.now() - began, outcomes(again.length));
    return again;

    function outcomes(again: number): Map<Outcome, number> {
      const dropped = buried.filter((id) => !failed.has(id)).length;
      const taken = bulk.entries.length - dropped - again;
      const counts: [Outcome, number][] = [
        ['success', taken],
        ['drop', dropped],
        ['retry', again],
      ];
      return new Map(counts.filter(([, events]) => events > 0));
    }

    function sort({ entryId, event: data, contentType, metadata = {} }: BulkEntry, topic: string): void {
      try {
        const read = readIncoming(
          { topic, data, contentType: contentType || undefined, metadata },
          { raw, pubsubName, topic },
        );
        const path = hasExpired(read.event, setting.now()) ? undefined : pathFor(rules, read.event);
        if (path === undefined) return void buried.push(entryId);
        const type = contentType || (raw ? 'application/octet-stream' : cloudEventType);
        const bytes = raw ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : read.data;
        const entries = byPath.get(path) ?? [];
        byPath.set(path, entries);
        entries.push({ entryId, event: read.event, data: bytes, contentType: type, metadata });
      } catch (thrown) {
        failed.set(entryId, (thrown as Error).message);
      }
    }

    async function deliver(path: string, entries: BulkLetter['entries']): Promise<void> {
      let left = entries;
      const metadata = { ...bulk.metadata, pubsubName };
      const attempt = async (one: AbortSignal) => {
        const verdicts = await postman.deliverBulk({ pubsubName, topic, path, raw, metadata, entries: left }, one);
        buried.push(...left.filter(({ entryId }) => verdicts.get(entryId) === 'drop').map(({ entryId }) => entryId));
        left = left.filter(({ entryId }) => (verdicts.get(entryId) ?? 'retry') === 'retry');
        if (left.length > 0) throw new Error(`${left.length} of a bulk have to come again`);
      };
      try {
        await run(policy, (one) => attempt(one.signal ?? signal), { signal, statusOf });
      } catch (thrown) {
        if (signal.aborted) throw thrown;
        log.warn(`topic ${topic}: ${(thrown as Error).message}`);
        for (const { entryId } of left) failed.set(entryId, (thrown as Error).message);
      }
    }

    async function settle(): Promise<FailedEntry[]> {
      if (deadLetterTopic !== '') {
        const dead = bulk.entries.filter(({ entryId }) => failed.has(entryId) || buried.includes(entryId));
        await Promise.all(dead.map((entry) => buryOne(entry)));
      }
      return [...failed].map(([entryId, error]) => ({ entryId, error }));
    }

    async function buryOne({ entryId, event, metadata, contentType }: BulkEntry): Promise<void> {
      try {
        await bury({ topic: bulk.topic, data: event, metadata, contentType }, deadLetterTopic);
        failed.delete(entryId);
      } catch (thrown) {
        log.error(`error sending message to dead letter topic ${deadLetterTopic}: ${(thrown as Error).message}`);
      }
    }
  };
}

/** Subscribes in batches: by the component's own way, or by gathering single messages. */
export async function subscribeInBulk(
  pubsub: PubSub,
  request: { topic: string; metadata: Readonly<Record<string, string>>; maxMessages: number; maxAwaitMs: number },
  handler: BulkHandler,
  signal: AbortSignal,
): Promise<void> {
  if (pubsub.bulkSubscribe) return await pubsub.bulkSubscribe(request, handler, signal);
  await pubsub.subscribe(
    request,
    gather(
      pubsub.traits.includes('BULK_SUBSCRIBE_IMMEDIATE') ? { ...request, maxMessages: 1 } : request,
      handler,
      signal,
    ),
    signal,
  );
}

type Waiting = { entry: BulkEntry; settled: PromiseWithResolvers<void> };

function gather(
  { topic, maxMessages, maxAwaitMs }: { topic: string; maxMessages: number; maxAwaitMs: number },
  handler: BulkHandler,
  signal: AbortSignal,
): MessageHandler {
  let batch: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const full = batch;
    batch = [];
    void deliverBatch(topic, full, handler, signal);
  };
  return ({ data, contentType = '', metadata }: Message) => {
    const settled = Promise.withResolvers<void>();
    batch.push({ entry: { entryId: randomUUID(), event: data, contentType, metadata }, settled });
    if (batch.length >= maxMessages) flush();
    else timer ??= setTimeout(flush, maxAwaitMs);
    return settled.promise;
  };
}

async function deliverBatch(
  topic: string,
  batch: readonly Waiting[],
  handler: BulkHandler,
  signal: AbortSignal,
): Promise<void> {
  try {
    const failed = new Map(
      (await handler({ topic, entries: batch.map(({ entry }) => entry) }, signal)).map(({ entryId, error }) => [
        entryId,
        error,
      ]),
    );
    for (const { entry, settled } of batch) {
      const error = failed.get(entry.entryId);
      if (error === undefined) settled.resolve();
      else settled.reject(new Error(error));
    }
  } catch (thrown) {
    for (const { settled } of batch) settled.reject(thrown);
  }
}
