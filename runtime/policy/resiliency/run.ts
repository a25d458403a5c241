import { Fault, fault } from '#kit/errors/fault.ts';
import type { Breaker } from './breaker.ts';
import { matchesCode } from './codes.ts';
import { pauseBefore, type RetryPolicy } from './retry.ts';

/** What surrounds the calls of one target. All parts are optional; none means the call is made once, as it is. */
export type Policy = {
  /** For logs: `endpoint[app, method]`, `component[name] output`. */
  name: string;
  timeoutMs: number | undefined;
  retry: RetryPolicy | undefined;
  breaker: Breaker | undefined;
};

export type Attempt = {
  /** 1 for the first try. */
  number: number;
  /** Fires when the caller gives up or the try's time is over. */
  signal: AbortSignal | undefined;
};

export type RunnerHooks = {
  /** Before the first retry of a call only. */
  retrying?(policy: Policy, thrown: unknown, pauseMs: number): void;
  recovered?(policy: Policy, attempts: number): void;
  timedOut?(policy: Policy): void;
};

export type RunnerClock = {
  now(): number;
  random(): number;
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>;
};

export type CallOptions = {
  signal?: AbortSignal | undefined;
  /** Where it answers false, the failure is final: the body was consumed, or the caller must decide. */
  mayRetry?(thrown: unknown): boolean;
  /** The status code of a failure, for matching; undefined is retried. */
  statusOf?(thrown: unknown): number | undefined;
};

export type Runner = <T>(
  policy: Policy,
  operation: (attempt: Attempt) => Promise<T>,
  options?: CallOptions,
) => Promise<T>;

/**
 * Makes the function that runs a call under a policy: each try within the timeout, counted by the breaker, and tried
 * again as the retry policy says. A breaker that refuses ends the call: it is never retried.
 */
export function createRunner(clock: RunnerClock, hooks: RunnerHooks = {}): Runner {
  return (policy, operation, options = {}) => {
    if (policy.retry === undefined) return attemptOnce(policy, operation, { number: 1, signal: options.signal }, hooks);
    return attemptOften(policy, policy.retry, operation, options, clock, hooks);
  };
}

async function attemptOften<T>(
  policy: Policy,
  retry: RetryPolicy,
  operation: (attempt: Attempt) => Promise<T>,
  options: CallOptions,
  clock: RunnerClock,
  hooks: RunnerHooks,
): Promise<T> {
  const began = clock.now();
  for (let number = 1; ; number++) {
    try {
      const result = await attemptOnce(policy, operation, { number, signal: options.signal }, hooks);
      if (number > 1) hooks.recovered?.(policy, number);
      return result;
    } catch (thrown) {
      const pause = isFinal(thrown, retry, options)
        ? undefined
        : pauseBefore(retry, number, clock.now() - began, clock.random);
      if (pause === undefined) throw thrown;
      if (number === 1) hooks.retrying?.(policy, thrown, pause);
      await clock.pause(pause, options.signal);
    }
  }
}

function isFinal(thrown: unknown, retry: RetryPolicy, options: CallOptions): boolean {
  if (options.signal?.aborted) return true;
  if (thrown instanceof Fault && (thrown.key === 'circuit-open' || thrown.key === 'circuit-busy')) return true;
  if (options.mayRetry?.(thrown) === false) return true;
  const status = options.statusOf?.(thrown);
  return status !== undefined && !matchesCode(retry.matching, status);
}

async function attemptOnce<T>(
  policy: Policy,
  operation: (attempt: Attempt) => Promise<T>,
  attempt: Attempt,
  hooks: RunnerHooks,
): Promise<T> {
  const leave = policy.breaker?.enter();
  try {
    const result = await withTimeout(policy, operation, attempt, hooks);
    leave?.(true);
    return result;
  } catch (thrown) {
    leave?.(false);
    throw thrown;
  }
}

async function withTimeout<T>(
  policy: Policy,
  operation: (attempt: Attempt) => Promise<T>,
  attempt: Attempt,
  hooks: RunnerHooks,
): Promise<T> {
  if (policy.timeoutMs === undefined || policy.timeoutMs <= 0) return operation(attempt);
  const abort = new AbortController();
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    hooks.timedOut?.(policy);
    const expired = fault('deadline-exceeded', 'context deadline exceeded');
    abort.abort(expired);
    over.reject(expired);
  }, policy.timeoutMs);
  const signal = attempt.signal === undefined ? abort.signal : AbortSignal.any([attempt.signal, abort.signal]);
  try {
    return await Promise.race([operation({ number: attempt.number, signal }), over.promise]);
  } finally {
    clearTimeout(timer);
  }
}
