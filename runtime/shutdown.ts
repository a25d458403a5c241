import { fault } from '#kit/errors/fault.ts';
import type { Running } from '#kit/lifecycle/binary.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Ending } from './blocks/lifecycle/shutdown.ts';

/** How a sidecar is told to end, from outside or through its API. */
export type Stopping = Ending & {
  /** Resolves when it shall drain and end; rejects when it shall end at once. */
  readonly stopped: Promise<void>;
  /** Ends it in order, to be started again in this process. */
  reload(): void;
  isReloading(): boolean;
  /** Ends it for a reason that makes going on pointless. */
  fail(problem: Error): void;
};

const replyFlushMs = 100;

/** Joins the signals of the process and the shutdown API. */
export function awaitStop({ signal }: Pick<Running, 'signal'>): Stopping {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  let reloading = false;
  return {
    stopped: promise,
    stop: resolve,
    reload() {
      reloading = true;
      resolve();
    },
    isReloading: () => reloading && !signal.aborted,
    fail: reject,
    stopNow: () => void setTimeout(() => reject(fault('forced-shutdown', 'shutdown was forced')), replyFlushMs),
  };
}

/** Waits for what keeps a sidecar serving after it was told to end. */
export async function block(
  durationMs: number | undefined,
  text: string,
  appUnhealthy: Promise<void>,
  log: Logger,
): Promise<void> {
  if (durationMs === undefined) return;
  log.info(`Blocking graceful shutdown for ${text} or until app reports unhealthy...`);
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<'expired'>((resolve) => {
    timer = setTimeout(() => resolve('expired'), durationMs);
  });
  const first = await Promise.race([expired, appUnhealthy]);
  clearTimeout(timer);
  log.info(
    first === 'expired'
      ? 'Block shutdown period expired, entering shutdown...'
      : 'App reported unhealthy, entering shutdown...',
  );
}

/** Runs a drain; one that takes longer than the grace period rejects, and the process ends with exit code 1. */
export async function drainWithin(graceMs: number, drain: () => Promise<void>): Promise<void> {
  if (graceMs === 0) return drain();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(fault('shutdown-timeout', 'Graceful shutdown timeout exceeded, forcing shutdown')),
    graceMs,
  );
  try {
    await Promise.race([drain(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
