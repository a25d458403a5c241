import { randomUUID } from 'node:crypto';
import type { BulkEntry, BulkHandler, Message, MessageHandler, PubSub } from '#contracts/pubsub.ts';

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
