import { Fault, fault } from '#kit/errors/fault.ts';
import type { Breaker, BreakerState } from './breaker.ts';
import { matchesCode } from './codes.ts';
import { pauseBefore, type RetryPolicy } from './retry.ts';

/** What surrounds the calls of one target. All parts are optional; none means the call is made once, as it is. */
export type Policy = {
  /** For logs: `endpoint[app, method]`, `component[name] output`. */
  name: string;
  timeoutMs: number | undefined;
  retry: RetryPolicy | undefined;
  breaker: Breaker | undefined;
  watch?: PolicyWatch | undefined;
};

export type PolicyPart = 'timeout' | 'retry' | 'circuitbreaker';

/** Told of a policy's use, for metrics. Breakers come with their state. */
export type PolicyWatch = {
  /** A call begins that this part surrounds. */
  began(part: PolicyPart, state?: BreakerState): void;
  /** The part stepped in: the call's first time-out, its first retry, a breaker's change to this state. */
  activated(part: PolicyPart, state?: BreakerState): void;
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
  statusOf?: ((thrown: unknown) => number | undefined) | undefined;
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
    if (policy.watch !== undefined) tellBegin(policy, policy.watch);
    const call = { policy, operation, signal: options.signal, hooks, timedOut: false };
    return policy.retry === undefined ? attemptOnce(call, 1) : attemptOften(call, policy.retry, options, clock);
  };
}

/** A call under way. */
type Call<T> = {
  policy: Policy;
  operation: (attempt: Attempt) => Promise<T>;
  signal: AbortSignal | undefined;
  hooks: RunnerHooks;
  /** Whether a try's time was over: it is told once a call. */
  timedOut: boolean;
};

function tellBegin({ timeoutMs, retry, breaker }: Policy, watch: PolicyWatch): void {
  if (timeoutMs !== undefined && timeoutMs > 0) watch.began('timeout');
  if (retry !== undefined) watch.began('retry');
  if (breaker !== undefined) watch.began('circuitbreaker', breaker.state());
}

async function attemptOften<T>(
  call: Call<T>,
  retry: RetryPolicy,
  options: CallOptions,
  clock: RunnerClock,
): Promise<T> {
  const { policy, hooks } = call;
  const began = clock.now();
  for (let number = 1; ; number++) {
    try {
      const result = await attempt(call, number);
      if (number > 1) hooks.recovered?.(policy, number);
      return result;
    } catch (thrown) {
      const pause = isFinal(thrown, retry, options)
        ? undefined
        : pauseBefore(retry, number, clock.now() - began, clock.random);
      if (pause === undefined) throw thrown;
      if (number === 1) {
        hooks.retrying?.(policy, thrown, pause);
        policy.watch?.activated('retry');
      }
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

/** Most calls of other apps have nothing around the try. */
function attempt<T>(call: Call<T>, number: number): Promise<T> {
  const { policy, operation, signal } = call;
  const bare = policy.breaker === undefined && policy.timeoutMs === undefined;
  return bare ? operation({ number, signal }) : attemptOnce(call, number);
}

async function attemptOnce<T>(call: Call<T>, number: number): Promise<T> {
  const { breaker, watch } = call.policy;
  const before = watch && breaker?.state();
  const leave = breaker?.enter();
  try {
    const result = await withTimeout(call, number);
    leave?.(true);
    return result;
  } catch (thrown) {
    leave?.(false);
    throw thrown;
  } finally {
    const after = watch && breaker?.state();
    if (after !== before) watch?.activated('circuitbreaker', after);
  }
}

async function withTimeout<T>(call: Call<T>, number: number): Promise<T> {
  const { policy, operation } = call;
  if (policy.timeoutMs === undefined || policy.timeoutMs <= 0) return await operation({ number, signal: call.signal });
  const abort = new AbortController();
  const over = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    tellTimeout(call);
    const expired = fault('deadline-exceeded', 'context deadline exceeded');
    abort.abort(expired);
    over.reject(expired);
  }, policy.timeoutMs);
  const signal = call.signal === undefined ? abort.signal : AbortSignal.any([call.signal, abort.signal]);
  try {
    return await Promise.race([operation({ number, signal }), over.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function tellTimeout<T>(call: Call<T>): void {
  call.hooks.timedOut?.(call.policy);
  if (!call.timedOut) call.policy.watch?.activated('timeout');
  call.timedOut = true;
}
