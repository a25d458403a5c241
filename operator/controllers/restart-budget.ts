import type { Clock } from '#kit/lifecycle/clock.ts';

/** Spreads restarts evenly: resolves when the next one is due, or when the signal fires. Infinity never waits. */
export function restartBudget(perMinute: number, clock: Clock): (signal: AbortSignal) => Promise<void> {
  const gapMs = 60_000 / perMinute;
  let due = clock.now();
  return async (signal) => {
    if (gapMs === 0) return;
    due = Math.max(due, clock.now()) + gapMs;
    await clock.pause(due - clock.now(), signal);
  };
}
