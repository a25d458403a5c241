import type { MessageToProduce, PartitionerContext, Producer } from '@platformatic/kafka';
import type { Metadata } from '#contracts/component.ts';
import { fault } from '#kit/errors/fault.ts';
import { connectionOptions, describeKafka, headerFilter, type KafkaSettings } from './connection.ts';

export type KafkaProducer = AsyncDisposable & {
  /**
   * Resolves when the brokers have it. `partitionKey` or `__key` of the metadata is its key, `partitionNumber` its
   * partition; all of the metadata goes along as headers.
   */
  send(topic: string, data: Uint8Array, metadata?: Metadata): Promise<void>;
  /** Rejects where no broker answers. */
  ping(): Promise<void>;
};

type Waiting = { message: MessageToProduce; bytes: number; settled: PromiseWithResolvers<void> };

const defaultMaxBytes = 1_048_576;
/** Messages that wait for the one before are sent together up to so many bytes, well below what brokers accept. */
const batchBytes = 512 * 1_024;
const acknowledgements = { all: -1, local: 1, none: 0 } as const;

/** Connects, or rejects with `unavailable` naming the brokers. */
export async function openKafkaProducer(given: KafkaSettings): Promise<KafkaProducer> {
  const goesAlong = headerFilter(given);
  const longest = given.maxMessageBytes || defaultMaxBytes;
  const { Producer: Library } = await import('@platformatic/kafka');
  const producer: Producer = new Library({
    ...connectionOptions(given),
    acks: acknowledgements[given.producerRequiredAcks],
    compression: given.compression,
    partitioner,
  });
  const ping = async () => void (await producer.metadata({ topics: [], forceUpdate: true, retries: 0 }));
  try {
    await ping();
  } catch (error) {
    await producer.close().catch(() => {});
    const where = given.brokers.join(',');
    throw fault('unavailable', `cannot connect to kafka at ${where}: ${describeKafka(error)}`, { cause: error });
  }
  const line = batches((messages) => producer.send({ messages }));
  const checkPartition = async (topic: string, partition: number) => {
    const count = (await producer.metadata({ topics: [topic] })).topics.get(topic)?.partitionsCount ?? 0;
    if (partition >= count) {
      throw fault('bad-request', `partitionNumber is ${partition}: topic ${topic} has ${count} partitions`);
    }
  };
  return {
    ping,
    async send(topic, data, metadata = {}) {
      if (data.byteLength > longest) {
        throw fault('bad-request', `the message is ${data.byteLength} bytes long: maxMessageBytes is ${longest}`);
      }
      const message = messageOf(topic, data, metadata, goesAlong);
      if (message.partition !== undefined) await checkPartition(topic, message.partition);
      await line(message, data.byteLength);
    },
    async [Symbol.asyncDispose]() {
      await producer.close();
    },
  };
}

/** Sends one batch at a time, so that messages keep their order and those that come meanwhile go together. */
function batches(send: (messages: MessageToProduce[]) => Promise<unknown>) {
  const waiting: Waiting[] = [];
  let sending = false;
  const next = (): Waiting[] => {
    let [count, bytes] = [0, 0];
    for (const one of waiting) {
      bytes += one.bytes;
      if (count > 0 && bytes > batchBytes) break;
      count++;
    }
    return waiting.splice(0, count);
  };
  const deliver = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await send(batch.map(({ message }) => message));
      for (const { settled } of batch) settled.resolve();
    } catch (error) {
      // One that the brokers refuse must not take the others with it.
      if (batch.length > 1) for (const one of batch) await deliver([one]);
      else batch[0]!.settled.reject(new Error(describeKafka(error), { cause: error }));
    }
  };
  const run = async (): Promise<void> => {
    sending = true;
    while (waiting.length > 0) await deliver(next());
    sending = false;
  };
  return (message: MessageToProduce, bytes: number): Promise<void> => {
    const settled = Promise.withResolvers<void>();
    waiting.push({ message, bytes, settled });
    if (!sending) void run();
    return settled.promise;
  };
}

function messageOf(
  topic: string,
  data: Uint8Array,
  metadata: Metadata,
  goesAlong: (name: string) => boolean,
): MessageToProduce {
  const headers = new Map<Buffer, Buffer>();
  for (const [name, value] of Object.entries(metadata)) {
    if (goesAlong(name)) headers.set(Buffer.from(name), Buffer.from(value));
  }
  const message: MessageToProduce = {
    topic,
    value: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    headers,
    timestamp: BigInt(Date.now()),
  };
  const key = metadata['partitionKey'] ?? metadata['__key'];
  const partition = metadata['partitionNumber'];
  if (key !== undefined) message.key = Buffer.from(key);
  if (partition !== undefined) {
    if (!/^\d+$/.test(partition)) {
      throw fault('bad-request', `partitionNumber is "${partition}": it must be a whole number from 0 on`);
    }
    message.partition = Number(partition);
  }
  return message;
}

/** The partition of a key as Dapr's sidecars choose it, so that a key stays where it was; without one any will do. */
function partitioner(_message: unknown, key: Buffer | undefined, _context: PartitionerContext): number {
  // The library takes the number modulo the partitions there are.
  return key === undefined ? Math.floor(Math.random() * 0x7fffffff) : Math.abs(fnv1a(key) | 0);
}

function fnv1a(bytes: Buffer): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
