import { toFault } from '#kit/errors/fault.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { noQueueMetrics, type QueueMetrics } from './metrics.ts';

/**
 * Makes the world agree with what is wanted of one key. It is told only the key, reads the rest, and may be called any
 * number of times. Throwing has it called again after a growing pause.
 */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<{ requeueAfterMs?: number } | undefined>;

export type WorkQueueOptions = {
  name: string;
  reconcile: Reconcile;
  log: Logger;
  signal: AbortSignal;
  /** Keys reconciled at the same time; one key never is twice. */
  concurrency?: number;
  metrics?: QueueMetrics;
  clock?: Clock;
  /** Pause after a key's first failure, doubled each time up to the longest. */
  retryMs?: number;
  maxRetryMs?: number;
};

export type WorkQueue = AsyncDisposable & {
  /** Asks for a key to be reconciled; asking again before its turn changes nothing, during it brings one more turn. */
  add(key: string): void;
  /** As add, after a pause. Of several pauses of a key the one that ends first counts. */
  addAfter(key: string, ms: number): void;
};

/** A queue that runs until its signal fires, then waits for what is under way. */
export function startWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { name, reconcile, log, concurrency = 1, retryMs = 100, maxRetryMs = 300_000 } = options;
  const metrics = options.metrics ?? noQueueMetrics;
  const clock = options.clock ?? systemClock;
  const own = new AbortController();
  const signal = AbortSignal.any([options.signal, own.signal]);
  const waiting = new Set<string>();
  const active = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const failures = new Map<string, number>();
  /** When the next turn that was asked for after a pause is due, by key. */
  const due = new Map<string, number>();

  const turn = async (key: string): Promise<void> => {
    metrics.run();
    try {
      const result = await reconcile(key, signal);
      failures.delete(key);
      if (result?.requeueAfterMs !== undefined) addAfter(key, result.requeueAfterMs);
    } catch (thrown) {
      if (signal.aborted) return;
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      metrics.retry();
      const pause = Math.min(retryMs * 2 ** count, maxRetryMs);
      log.warn(`${name}: ${key} failed, trying again in ${pause} ms: ${toFault(thrown).message}`);
      addAfter(key, pause);
    }
  };
  const next = (): void => {
    for (const key of waiting) {
      if (active.size >= concurrency || signal.aborted) break;
      waiting.delete(key);
      const done = turn(key).finally(() => {
        active.delete(key);
        if (again.delete(key)) waiting.add(key);
        next();
      });
      active.set(key, done);
    }
    metrics.depth(waiting.size);
  };
  const add = (key: string): void => {
    if (signal.aborted) return;
    if (active.has(key)) again.add(key);
    else if (!waiting.has(key)) {
      waiting.add(key);
      queueMicrotask(next);
    }
  };
  const addAfter = (key: string, ms: number): void => {
    const at = clock.now() + ms;
    if ((due.get(key) ?? Number.POSITIVE_INFINITY) <= at) return;
    due.set(key, at);
    void clock.pause(ms, signal).then(() => {
      if (due.get(key) !== at) return;
      due.delete(key);
      add(key);
    });
  };
  return {
    add,
    addAfter,
    async [Symbol.asyncDispose]() {
      own.abort();
      await Promise.all(active.values());
    },
  };
}
