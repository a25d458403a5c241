import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { KafkaRecord } from './partition.ts';
import type { Consume } from './session.ts';

export type OneByOne = {
  /** Hands one that failed out again until it is taken; else it is left out. */
  retry: boolean;
  /** Pause before that, in milliseconds. */
  pause: number;
  /** How many to take from what was read ahead. */
  ahead: number;
  log: Logger;
};

/** Hands the records of a partition out one after the other, in order. */
export function oneByOne(
  hand: (record: KafkaRecord, signal: AbortSignal) => Promise<unknown>,
  { retry, pause, ahead, log }: OneByOne,
): Consume {
  /** Whether that is all with it: taken, or left out. */
  const settle = async (record: KafkaRecord, signal: AbortSignal): Promise<boolean> => {
    while (!signal.aborted) {
      try {
        await hand(record, signal);
        return true;
      } catch (error) {
        if (signal.aborted) break;
        const { topic, partition, offset } = record;
        log.warn(`kafka: message ${topic}/${partition}/${offset} failed: ${(error as Error).message}`);
        if (!retry) return true;
        await systemClock.pause(pause, signal);
      }
    }
    return false;
  };
  return async (records, signal) => {
    for (;;) {
      const some = await records.take(ahead);
      if (some.length === 0) return;
      for (const record of some) {
        if (!(await settle(record, signal))) return;
        records.done(record);
      }
    }
  };
}
