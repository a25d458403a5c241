import { systemClock } from '#kit/lifecycle/clock.ts';

/** A record as it is in the log of its partition. */
export type KafkaRecord = {
  topic: string;
  partition: number;
  offset: bigint;
  /** Milliseconds since the epoch. */
  timestamp: bigint;
  key: Buffer | null;
  value: Buffer | null;
  headers: readonly [Buffer | null, Buffer | null][];
};

/** What a consumer of a partition sees of it. */
export type Records = {
  /**
   * The next records, at least one, at most so many; waits up to `waitMs` for more once there is one. Empty only when
   * the partition was taken away.
   */
  take(most: number, waitMs?: number): Promise<readonly KafkaRecord[]>;
  /** Says that all up to this one need not come again. */
  done(through: KafkaRecord): void;
};

/** A partition that this member of the group has, and what was read of it ahead. */
export type Partition = Records & {
  readonly topic: string;
  readonly id: number;
  /** Where to read on. */
  position(): bigint;
  /** Whether more should be read ahead. */
  isHungry(): boolean;
  push(records: readonly KafkaRecord[], next: bigint): void;
  /** Where the next reader shall begin, if that moved since it was last asked. */
  takeDone(): bigint | undefined;
  /** Takes it away: waits end. */
  readonly signal: AbortSignal;
  end(): void;
};

/** A partition as the key of a map. */
export const keyOf = (topic: string, partition: number): string => `${topic}:${partition}`;

/** `start` is where it is read from, `ahead` how many records are held before it is no longer hungry; `wake` is called when it is. */
export function createPartition(
  topic: string,
  id: number,
  { start, ahead, wake }: { start: bigint; ahead: number; wake(): void },
): Partition {
  const ended = new AbortController();
  const queue: KafkaRecord[] = [];
  let next = start;
  let doneThrough: bigint | undefined;
  let arrival = Promise.withResolvers<void>();
  const arrived = () => {
    arrival.resolve();
    arrival = Promise.withResolvers();
  };
  ended.signal.addEventListener('abort', arrived, { once: true });
  const gather = async (most: number, waitMs: number): Promise<void> => {
    const patience = new AbortController();
    const late = systemClock.pause(waitMs, patience.signal).then(() => patience.abort());
    while (queue.length < most && !patience.signal.aborted && !ended.signal.aborted) {
      await Promise.race([arrival.promise, late]);
    }
    patience.abort();
  };
  return {
    topic,
    id,
    signal: ended.signal,
    position: () => next,
    isHungry: () => queue.length < ahead,
    push(records, position) {
      next = position;
      for (const record of records) queue.push(record);
      if (records.length > 0) arrived();
    },
    async take(most, waitMs = 0) {
      while (queue.length === 0 && !ended.signal.aborted) await arrival.promise;
      if (waitMs > 0 && queue.length < most) await gather(most, waitMs);
      if (ended.signal.aborted) return [];
      const taken = queue.splice(0, most);
      if (queue.length < ahead) wake();
      return taken;
    },
    done(record) {
      doneThrough = record.offset + 1n;
    },
    takeDone() {
      const through = doneThrough;
      doneThrough = undefined;
      return through;
    },
    end: () => ended.abort(),
  };
}
