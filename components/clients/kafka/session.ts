import type { Consumer, GroupAssignment } from '@platformatic/kafka';
import { untilAborted } from '#kit/lifecycle/until-aborted.ts';
import type { Logger } from '#kit/log/logger.ts';
import { rangeAssigner } from './assigner.ts';
import { connectionOptions, describeKafka, type KafkaSettings } from './connection.ts';
import { createPartition, keyOf, type Partition, type Records } from './partition.ts';
import { createReader } from './reader.ts';

/** Reads one partition for as long as this member has it: until `take` answers nothing. */
export type Consume = (records: Records, signal: AbortSignal) => Promise<void>;

export type Session = {
  given: KafkaSettings;
  topics: ReadonlyMap<string, Consume>;
  log: Logger;
  /** Called each time partitions were handed out and can be read. */
  assigned(): void;
};

const commitEveryMs = 1_000;
const rebalanceMs = 60_000;
const noEpoch = -1;

/**
 * Takes part in the consumer group until the signal aborts; rejects when the brokers are lost. What is done is
 * committed every second and at the end.
 */
export async function runSession({ given, topics, log, assigned }: Session, signal: AbortSignal): Promise<void> {
  const { Consumer: Library, ConnectionPool, ListOffsetTimestamps } = await import('@platformatic/kafka');
  const connection = connectionOptions(given);
  const consumer: Consumer = new Library({
    ...connection,
    groupId: given.consumerGroup,
    sessionTimeout: given.sessionTimeout,
    heartbeatInterval: given.heartbeatInterval,
    rebalanceTimeout: rebalanceMs,
    protocols: [{ name: 'range', version: 1 }],
    partitionAssigner: rangeAssigner,
    autocommit: false,
    isolationLevel: 0,
  });
  // Answers to fetches keep a connection waiting: heartbeats and commits must not stand in line behind them.
  const pool = new ConnectionPool(given.clientId, connection);
  const partitions = new Map<string, Partition>();
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {});
  const earliest = given.initialOffset === 'oldest';

  const reader = createReader({ consumer, pool, partitions, given, failed: lost.reject });
  const positions = async (wanted: readonly GroupAssignment[]): Promise<Map<string, bigint>> => {
    const names = wanted.map(({ topic }) => topic);
    const only = Object.fromEntries(wanted.map(({ topic, partitions: ids }) => [topic, ids]));
    const committed = await consumer.listCommittedOffsets({ topics: [...wanted] });
    const at = (timestamp: bigint) => consumer.listOffsets({ topics: names, partitions: only, timestamp });
    const [first, last] = await Promise.all([at(ListOffsetTimestamps.EARLIEST), at(ListOffsetTimestamps.LATEST)]);
    const found = new Map<string, bigint>();
    for (const { topic, partitions: ids } of wanted) {
      for (const id of ids) {
        const [low, high] = [first.get(topic)?.[id] ?? 0n, last.get(topic)?.[id] ?? 0n];
        const known = committed.get(topic)?.[id] ?? -1n;
        found.set(keyOf(topic, id), known >= low && known <= high ? known : earliest ? low : high);
      }
    }
    return found;
  };
  const assign = async (assignments: readonly GroupAssignment[]): Promise<void> => {
    const mine = new Set(assignments.flatMap(({ topic, partitions: ids }) => ids.map((id) => keyOf(topic, id))));
    for (const [key, partition] of partitions) {
      if (mine.has(key)) continue;
      partitions.delete(key);
      partition.end();
    }
    const fresh = assignments
      .map(({ topic, partitions: ids }) => ({
        topic,
        partitions: ids.filter((id) => !partitions.has(keyOf(topic, id))),
      }))
      .filter(({ topic, partitions: ids }) => ids.length > 0 && topics.has(topic));
    const starts = fresh.length > 0 ? await positions(fresh) : new Map<string, bigint>();
    for (const { topic, partitions: ids } of fresh) {
      for (const id of ids) {
        const start = starts.get(keyOf(topic, id)) ?? 0n;
        const partition = createPartition(topic, id, { start, ahead: given.channelBufferSize, wake: reader.wake });
        partitions.set(keyOf(topic, id), partition);
        topics.get(topic)!(partition, partition.signal).catch(lost.reject);
      }
    }
    reader.wake();
    assigned();
  };
  const commit = async (): Promise<void> => {
    const offsets = [...partitions.values()].flatMap((partition) => {
      const offset = partition.takeDone();
      const { topic, id } = partition;
      return offset === undefined ? [] : [{ topic, partition: id, offset, leaderEpoch: noEpoch }];
    });
    if (offsets.length > 0) await consumer.commit({ offsets });
  };

  let assigning = Promise.resolve();
  consumer.on('consumer:group:join', ({ assignments }) => {
    assigning = assigning.then(() => assign(assignments ?? [])).catch(lost.reject);
  });
  consumer.on('consumer:heartbeat:stalled', ({ lastError }) => lost.reject(lastError ?? new Error('no heartbeat')));
  (consumer as NodeJS.EventEmitter).on('error', lost.reject);
  const commits = setInterval(() => {
    commit().catch((error: unknown) => log.warn(`kafka: cannot commit offsets: ${describeKafka(error)}`));
  }, commitEveryMs);
  try {
    consumer.topics.trackAll(...topics.keys());
    await consumer.joinGroup({});
    await Promise.race([lost.promise, untilAborted(signal)]);
  } finally {
    clearInterval(commits);
    reader.stop();
    await assigning;
    await commit().catch(() => {});
    for (const partition of partitions.values()) partition.end();
    await consumer.close(true).catch(() => {});
    await pool.close().catch(() => {});
  }
}
