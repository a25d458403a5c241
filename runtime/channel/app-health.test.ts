import type { Clock } from '#kit/lifecycle/clock.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { watchAppHealth } from './app-health.ts';

/** Runs the probes through the given results, one each interval, and tells the changes. */
async function changesOver(results: readonly boolean[], threshold: number): Promise<boolean[]> {
  const abort = new AbortController();
  const changes: boolean[] = [];
  const over = Promise.withResolvers<void>();
  let at = 0;
  const clock: Clock = {
    now: () => 0,
    pause: async () => {
      if (at < results.length) return;
      abort.abort();
      over.resolve();
    },
  };
  const probe = async () => ({ healthy: results[at++]!, status: 0, reason: 'status 503' });
  const health = watchAppHealth({
    path: '/',
    intervalMs: 1,
    timeoutMs: 1,
    threshold,
    probe,
    clock,
    log: silentLogger,
    signal: abort.signal,
  });
  health.onChange((healthy) => changes.push(healthy));
  await health.start();
  expect(at).toBeGreaterThan(0);
  await over.promise;
  return changes;
}

describe('the health of an app', () => {
  it('is bad until the first good probe', async () => {
    expect(await changesOver([false, false], 3)).toEqual([]);
    expect(await changesOver([false, true], 3)).toEqual([true]);
  });

  it('turns bad after so many bad probes in a row, and good after one', async () => {
    expect(await changesOver([true, false, false, true, false, false, false, true], 3)).toEqual([true, false, true]);
  });
});
