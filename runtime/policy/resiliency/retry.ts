import type { RetryMatching } from './codes.ts';

/** When and how often a failed call is tried again. Times in ms; `maxRetries` below 0 means without end. */
export type RetryPolicy = {
  maxRetries: number;
  matching: RetryMatching;
} & ({ kind: 'constant'; durationMs: number } | ExponentialPause);

type ExponentialPause = {
  kind: 'exponential';
  initialMs: number;
  multiplier: number;
  /** Each pause is drawn from ± this share of it, so that callers that failed together do not return together. */
  jitter: number;
  maxIntervalMs: number;
  /** No further try is started once this much time has gone by since the first; 0 means never. */
  maxElapsedMs: number;
};

/**
 * The pause before retry number `retry` (1 is the first) in ms, or undefined when there is to be none.
 * `elapsedMs` counts since the first try began; `random` draws from [0, 1).
 */
export function pauseBefore(
  policy: RetryPolicy,
  retry: number,
  elapsedMs: number,
  random: () => number,
): number | undefined {
  if (policy.maxRetries >= 0 && retry > policy.maxRetries) return undefined;
  if (policy.kind === 'constant') return policy.durationMs;
  const base = Math.min(policy.initialMs * policy.multiplier ** (retry - 1), policy.maxIntervalMs);
  const pause = base * (1 - policy.jitter + 2 * policy.jitter * random());
  if (policy.maxElapsedMs > 0 && elapsedMs + pause > policy.maxElapsedMs) return undefined;
  return pause;
}
