import { fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createBreaker } from './breaker.ts';
import { retryEverything } from './codes.ts';
import type { RetryPolicy } from './retry.ts';
import { createRunner, type Policy } from './run.ts';

function runner() {
  const pauses: number[] = [];
  const told: string[] = [];
  const run = createRunner(
    { now: () => 0, random: () => 0.5, pause: async (ms) => void pauses.push(ms) },
    {
      retrying: () => told.push('retrying'),
      recovered: (_policy, attempts) => told.push(`recovered after ${attempts}`),
      timedOut: () => told.push('timed out'),
    },
  );
  return { run, pauses, told };
}

const retry: RetryPolicy = { kind: 'constant', durationMs: 10, maxRetries: 3, matching: retryEverything };
const policy = (parts: Partial<Policy>): Policy => ({
  name: 'p',
  timeoutMs: undefined,
  retry: undefined,
  breaker: undefined,
  ...parts,
});

/** Fails the given number of times, then answers `ok`. */
function failing(times: number, error: unknown = new Error('down')) {
  const calls = { count: 0 };
  const operation = async () => {
    calls.count += 1;
    if (calls.count <= times) throw error;
    return 'ok';
  };
  return { operation, calls };
}

describe('a runner', () => {
  it('makes the call once where the policy is empty', async () => {
    const { operation, calls } = failing(1);
    await expect(runner().run(policy({}), operation)).rejects.toThrow('down');
    expect(calls.count).toBe(1);
  });

  it('tries again as often as the policy says, and tells of the first retry and the recovery', async () => {
    const { run, pauses, told } = runner();
    expect(await run(policy({ retry }), failing(3).operation)).toBe('ok');
    expect(pauses).toEqual([10, 10, 10]);
    expect(told).toEqual(['retrying', 'recovered after 4']);
  });

  it('gives the last error when the retries are used up', async () => {
    const { operation, calls } = failing(9);
    await expect(runner().run(policy({ retry }), operation)).rejects.toThrow('down');
    expect(calls.count).toBe(4);
  });

  it('never retries what the caller forbids, nor a status code the policy leaves out', async () => {
    for (const options of [{ mayRetry: () => false }, { statusOf: () => 404 }]) {
      const { operation, calls } = failing(9);
      const strict: RetryPolicy = { ...retry, matching: { http: [[500, 599]], grpc: undefined } };
      await expect(runner().run(policy({ retry: strict }), operation, options)).rejects.toThrow('down');
      expect(calls.count).toBe(1);
    }
  });

  it('ends at once when the breaker opens between tries', async () => {
    const breaker = createBreaker(
      { name: 'b', maxRequests: 1, intervalMs: 0, timeoutMs: 60_000, trip: (c) => c.consecutiveFailures > 1 },
      () => 0,
    );
    const { operation, calls } = failing(9);
    await expect(runner().run(policy({ retry, breaker }), operation)).rejects.toThrow('circuit breaker is open');
    expect(calls.count).toBe(2);
  });

  it('ends a try that takes too long and tells the operation so', async () => {
    const { run, told } = runner();
    const seen = Promise.withResolvers<AbortSignal>();
    const hanging = (attempt: { signal: AbortSignal | undefined }) => {
      seen.resolve(attempt.signal!);
      return new Promise<never>(() => {});
    };
    await expect(run(policy({ timeoutMs: 1 }), hanging)).rejects.toThrow('context deadline exceeded');
    expect((await seen.promise).aborted).toBe(true);
    expect(told).toEqual(['timed out']);
  });

  it('does not retry for a caller that has gone', async () => {
    const abort = new AbortController();
    const { operation, calls } = failing(9, fault('cancelled', 'gone'));
    const leaving = async () => {
      abort.abort();
      return operation();
    };
    await expect(runner().run(policy({ retry }), leaving, { signal: abort.signal })).rejects.toThrow('gone');
    expect(calls.count).toBe(1);
  });
});

describe('what is told of a policy in use', () => {
  it('names the parts around a call as it begins, and those that stepped in', async () => {
    const told: string[] = [];
    const watch = {
      began: (part: string, state = '') => void told.push(`began ${part} ${state}`.trim()),
      activated: (part: string, state = '') => void told.push(`activated ${part} ${state}`.trim()),
    };
    const settings = { name: 'b', maxRequests: 1, intervalMs: 0, timeoutMs: 5_000 };
    const breaker = createBreaker({ ...settings, trip: (counts) => counts.consecutiveFailures >= 2 }, () => 0);
    const { run } = runner();
    const { operation } = failing(9);
    const once = { ...retry, maxRetries: 1 };
    await expect(run(policy({ retry: once, breaker, watch }), operation)).rejects.toThrow('down');
    expect(told).toEqual([
      'began retry',
      'began circuitbreaker closed',
      'activated retry',
      'activated circuitbreaker open',
    ]);
    await expect(run(policy({ breaker, watch }), operation)).rejects.toMatchObject({ key: 'circuit-open' });
    expect(told.slice(4)).toEqual(['began circuitbreaker open']);
  });
});
