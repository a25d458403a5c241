import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '#contracts/pubsub.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Redis } from '../clients/redis.ts';

const blockMs = 5_000;
const retryMs = 1_000;

type Entry = [id: Buffer, fields: Buffer[]];

/** Called for each message in order; reading goes on when it resolves. */
export type Hand = (id: string, message: Message) => Promise<void>;

export type RedisStream = {
  /** Makes the stream and the group where they are missing; a new group starts at the oldest message. */
  create(): Promise<void>;
  /** Reads messages nobody of the group has got yet, until the signal aborts. */
  readNew(hand: Hand, signal: AbortSignal): Promise<void>;
  /** Looks regularly for messages that were handed out and not acknowledged in time, until the signal aborts. */
  reclaim(hand: Hand, signal: AbortSignal): Promise<void>;
  acknowledge(id: string): Promise<void>;
};

export type StreamSettings = {
  topic: string;
  /** Of the group, and of the consumer in it, as in Dapr. */
  consumerID: string;
  queueDepth: number;
  processingTimeout: number;
  redeliverInterval: number;
  log: Logger;
};

/** One topic as a consumer group reads it. */
export function streamGroup(redis: Redis, settings: StreamSettings): RedisStream {
  const { topic, consumerID: group, queueDepth, processingTimeout, redeliverInterval, log } = settings;
  const create = async () => {
    try {
      await redis.send(topic, ['XGROUP', 'CREATE', topic, group, '0', 'MKSTREAM']);
    } catch (error) {
      if (!String(error).includes('BUSYGROUP')) throw error;
    }
  };
  const acknowledge = inBatches((ids) => redis.send(topic, ['XACK', topic, group, ...ids]));

  const read = async (reader: Redis): Promise<Entry[]> => {
    const options = ['COUNT', String(queueDepth), 'BLOCK', String(blockMs)];
    const answer = await reader.send(topic, ['XREADGROUP', 'GROUP', group, group, ...options, 'STREAMS', topic, '>']);
    return (answer as [Buffer, Entry[]][] | null)?.[0]?.[1] ?? [];
  };
  const claim = async (): Promise<Entry[]> => {
    const pending = await redis.send(topic, ['XPENDING', topic, group, '-', '+', String(queueDepth)]);
    const late = (pending as [Buffer, Buffer, number, number][]).filter(([, , idle]) => idle >= processingTimeout);
    const ids = late.map(([id]) => id.toString());
    if (ids.length === 0) return [];
    const claimed = await redis.send(topic, ['XCLAIM', topic, group, group, String(processingTimeout), ...ids]);
    const entries = (claimed as (Entry | null)[]).filter((entry): entry is Entry => entry?.[1] != null);
    const got = new Set(entries.map(([id]) => id.toString()));
    await Promise.all(ids.filter((id) => !got.has(id)).map(forgetIfGone));
    return entries;
  };
  /** A message that was trimmed away stays in the pending list of older servers for ever. */
  const forgetIfGone = async (id: string) => {
    const found = (await redis.send(topic, ['XRANGE', topic, id, id], { readonly: true })) as Entry[];
    if (found.length === 0) await acknowledge(id);
  };
  const handAll = async (entries: readonly Entry[], hand: Hand, signal: AbortSignal) => {
    for (const [id, fields] of entries) {
      if (signal.aborted) return;
      await hand(id.toString(), messageOf(topic, fields, log));
    }
  };

  return {
    create,
    acknowledge,
    async readNew(hand, signal) {
      let reader: Redis | undefined;
      signal.addEventListener('abort', () => reader?.abandon(), { once: true });
      while (!signal.aborted) {
        try {
          reader ??= await redis.dedicated(blockMs);
          if (signal.aborted) reader.abandon();
          else await handAll(await read(reader), hand, signal);
        } catch (error) {
          if (signal.aborted) return;
          log.warn(`topic ${topic}: cannot read: ${(error as Error).message}`);
          await recover(error, create, signal);
        }
      }
    },
    async reclaim(hand, signal) {
      while (!signal.aborted) {
        try {
          await handAll(await claim(), hand, signal);
        } catch (error) {
          if (!signal.aborted) log.warn(`topic ${topic}: cannot reclaim messages: ${(error as Error).message}`);
        }
        await pause(redeliverInterval, undefined, { signal }).catch(() => {});
      }
    },
  };
}

/** Acknowledgements of one turn of the event loop, and those that come while others are under way, go together. */
function inBatches(send: (ids: readonly string[]) => Promise<unknown>): (id: string) => Promise<void> {
  type Batch = { ids: string[]; sent: PromiseWithResolvers<void> };
  let next: Batch | undefined;
  let sending = false;
  const run = async (): Promise<void> => {
    for (let batch = next; batch !== undefined; batch = next) {
      next = undefined;
      await send(batch.ids).then(() => batch.sent.resolve(), batch.sent.reject);
    }
    sending = false;
  };
  return (id) => {
    next ??= { ids: [], sent: Promise.withResolvers() };
    next.ids.push(id);
    if (!sending) {
      sending = true;
      setImmediate(run);
    }
    return next.sent.promise;
  };
}

/** A group that is gone (the server lost its data) is made anew. */
async function recover(error: unknown, create: () => Promise<void>, signal: AbortSignal): Promise<void> {
  if (String(error).includes('NOGROUP')) await create().catch(() => {});
  else await pause(retryMs, undefined, { signal }).catch(() => {});
}

function messageOf(topic: string, fields: readonly Buffer[], log: Logger): Message {
  const values = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i]!.toString(), fields[i + 1]!);
  const text = values.get('metadata')?.toString();
  let metadata: Record<string, string> | undefined;
  try {
    if (text !== undefined) metadata = JSON.parse(text) as Record<string, string>;
  } catch {
    log.warn(`topic ${topic}: the metadata of a message is not JSON`);
  }
  return { topic, data: values.get('data') ?? new Uint8Array(), metadata };
}
