import { describe, expect, it } from '#kit/testing/test.ts';
import { retryEverything } from './codes.ts';
import { pauseBefore, type RetryPolicy } from './retry.ts';

const constant: RetryPolicy = { kind: 'constant', durationMs: 100, maxRetries: 2, matching: retryEverything };
const exponential: RetryPolicy = {
  kind: 'exponential',
  initialMs: 500,
  multiplier: 1.5,
  jitter: 0.5,
  maxIntervalMs: 1_000,
  maxElapsedMs: 10_000,
  maxRetries: -1,
  matching: retryEverything,
};
const middle = () => 0.5;

describe('pauseBefore', () => {
  it('is the same each time for a constant policy, and ends with its retries', () => {
    expect([1, 2, 3].map((retry) => pauseBefore(constant, retry, 0, middle))).toEqual([100, 100, undefined]);
  });

  it('grows to its cap for an exponential policy', () => {
    expect([1, 2, 3, 9].map((retry) => pauseBefore(exponential, retry, 0, middle))).toEqual([500, 750, 1_000, 1_000]);
  });

  it('spreads by the jitter around its middle', () => {
    expect(pauseBefore(exponential, 1, 0, () => 0)).toBe(250);
    expect(pauseBefore(exponential, 1, 0, () => 0.999999)).toBeCloseTo(750, 2);
  });

  it('ends when the time for all tries is used up', () => {
    expect(pauseBefore(exponential, 2, 9_500, middle)).toBeUndefined();
  });
});
