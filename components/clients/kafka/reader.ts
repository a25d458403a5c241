import type { ConnectionPool, Consumer, RecordsBatch } from '@platformatic/kafka';
import type { KafkaSettings } from './connection.ts';
import { type KafkaRecord, keyOf, type Partition } from './partition.ts';

type FetchRequestTopic = Parameters<Consumer['fetch']>[0]['topics'][number];
type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;

const longestFetchMs = 500;
const noEpoch = -1;

export type KafkaReader = { wake(): void; stop(): void };

type Reading = {
  consumer: Consumer;
  pool: ConnectionPool;
  partitions: ReadonlyMap<string, Partition>;
  given: KafkaSettings;
  failed(error: unknown): void;
};

/** Asks each broker for what the partitions it leads are short of, one request at a time to each. */
export function createReader({ consumer, pool, partitions, given, failed }: Reading): KafkaReader {
  const asking = new Set<number>();
  let stopped = false;
  let again = false;
  let looking = false;

  const look = async (): Promise<void> => {
    const names = new Map<string, string>();
    const byNode = new Map<number, FetchRequestTopic[]>();
    const { topics } = await consumer.metadata({ topics: consumer.topics.current });
    for (const partition of partitions.values()) {
      const topic = topics.get(partition.topic);
      const leader = topic?.partitions[partition.id]?.leader ?? -1;
      if (topic === undefined || asking.has(leader) || !partition.isHungry()) continue;
      names.set(topic.id, partition.topic);
      const request = { partition: partition.id, fetchOffset: partition.position(), ...fixed(given) };
      byNode.set(leader, [...(byNode.get(leader) ?? []), { topicId: topic.id, partitions: [request] }]);
    }
    for (const [node, wanted] of byNode) ask(node, wanted, names).catch(fail);
  };
  const ask = async (node: number, topics: FetchRequestTopic[], names: ReadonlyMap<string, string>): Promise<void> => {
    asking.add(node);
    const limits = { minBytes: given.consumerFetchMin, maxWaitTime: longestFetchMs, connectionPool: pool };
    const response = await consumer.fetch({ node, topics, ...limits }).finally(() => asking.delete(node));
    for (const { partition, batches } of answersOf(response, names, partitions)) {
      partition.push(recordsOf(partition, batches), positionAfter(batches));
    }
    wake();
  };
  const fail = (error: unknown) => {
    if (!stopped) failed(error);
  };
  const wake = () => {
    again = true;
    if (looking || stopped) return;
    looking = true;
    // Those that wake it in one turn are answered together.
    setImmediate(async () => {
      try {
        while (again && !stopped) {
          again = false;
          await look();
        }
      } catch (error) {
        fail(error);
      } finally {
        looking = false;
      }
    });
  };
  return {
    wake,
    stop() {
      stopped = true;
    },
  };
}

const fixed = ({ consumerFetchDefault }: KafkaSettings) => ({
  partitionMaxBytes: consumerFetchDefault,
  currentLeaderEpoch: noEpoch,
  lastFetchedEpoch: noEpoch,
});

/** Marks what is not for consumers: the ends of transactions. */
const controlBatch = 0b10_0000;

function* answersOf(
  { responses }: FetchResponse,
  names: ReadonlyMap<string, string>,
  partitions: ReadonlyMap<string, Partition>,
): Generator<{ partition: Partition; batches: readonly RecordsBatch[] }> {
  for (const { topicId, partitions: answers } of responses) {
    const topic = names.get(topicId) ?? '';
    for (const { partitionIndex, records } of answers) {
      const partition = partitions.get(keyOf(topic, partitionIndex));
      if (partition !== undefined && records?.length) yield { partition, batches: records };
    }
  }
}

function recordsOf({ topic, id, position }: Partition, batches: readonly RecordsBatch[]): KafkaRecord[] {
  const from = position();
  const records: KafkaRecord[] = [];
  for (const { firstOffset, firstTimestamp, attributes, records: all } of batches) {
    if (attributes & controlBatch) continue;
    for (const { offsetDelta, timestampDelta, key, value, headers } of all) {
      const offset = firstOffset + BigInt(offsetDelta);
      // A batch is sent whole, also where reading goes on in its middle.
      if (offset < from) continue;
      records.push({ topic, partition: id, offset, timestamp: firstTimestamp + timestampDelta, key, value, headers });
    }
  }
  return records;
}

function positionAfter(batches: readonly RecordsBatch[]): bigint {
  const { firstOffset, lastOffsetDelta } = batches.at(-1)!;
  return firstOffset + BigInt(lastOffsetDelta) + 1n;
}
