import { systemClock } from '#kit/lifecycle/clock.ts';
import { untilAborted } from '#kit/lifecycle/until-aborted.ts';
import type { Logger } from '#kit/log/logger.ts';
import { describeKafka, type KafkaSettings } from './connection.ts';
import { type Consume, runSession } from './session.ts';

/** This sidecar's part in a consumer group. */
export type KafkaGroup = AsyncDisposable & {
  /**
   * Takes part in a topic until the signal aborts: `consume` is called for each partition that falls to this member.
   * Resolves when partitions were handed out with it. Brokers that are away are tried again for as long as it takes.
   */
  subscribe(topic: string, consume: Consume, signal: AbortSignal): Promise<void>;
};

/** Topics that come or go within this time join or leave together, as each change halts the whole group. */
const settleMs = 50;
const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** Nothing is dialled before the first topic. */
export function createKafkaGroup(given: KafkaSettings, log: Logger): KafkaGroup {
  const topics = new Map<string, Consume>();
  const waiting = new Map<string, () => void>();
  const life = new AbortController();
  let changed = new AbortController();
  let running: Promise<void> | undefined;

  const session = async (): Promise<void> => {
    await systemClock.pause(settleMs, life.signal);
    changed = new AbortController();
    const stop = AbortSignal.any([changed.signal, life.signal]);
    if (topics.size === 0) return await untilAborted(stop);
    const now = new Map(topics);
    const assigned = () => {
      for (const topic of now.keys()) waiting.get(topic)?.();
    };
    await runSession({ given, topics: now, log, assigned }, stop);
  };
  const run = async (): Promise<void> => {
    for (let pause = firstPauseMs; !life.signal.aborted; ) {
      const began = performance.now();
      try {
        await session();
        pause = firstPauseMs;
      } catch (error) {
        if (life.signal.aborted) return;
        log.warn(`kafka: the consumer group ${given.consumerGroup} is joined again: ${describeKafka(error)}`);
        if (performance.now() - began > longestPauseMs) pause = firstPauseMs;
        await systemClock.pause(pause, life.signal);
        pause = Math.min(pause * 2, longestPauseMs);
      }
    }
  };
  return {
    async subscribe(topic, consume, signal) {
      topics.set(topic, consume);
      changed.abort();
      running ??= run();
      const leave = () => {
        if (topics.get(topic) !== consume) return;
        topics.delete(topic);
        changed.abort();
      };
      signal.addEventListener('abort', leave, { once: true });
      const joined = new Promise<void>((resolve) => waiting.set(topic, resolve));
      await Promise.race([joined, untilAborted(AbortSignal.any([signal, life.signal]))]);
      waiting.delete(topic);
    },
    async [Symbol.asyncDispose]() {
      life.abort();
      await running;
    },
  };
}
