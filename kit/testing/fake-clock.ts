import type { Clock } from '../lifecycle/clock.ts';

export type FakeClock = Clock & {
  /** Moves time on, ending due pauses in order and letting what they wake run between them. */
  advance(ms: number): Promise<void>;
  /** Pauses not yet over. */
  waiting(): number;
};

type Pause = { at: number; end(): void };

/** A clock that stands still until a test moves it. */
export function fakeClock(start = Date.parse('2026-11-21T08:00:00Z')): FakeClock {
  let now = start;
  const pauses = new Set<Pause>();
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    now: () => now,
    waiting: () => pauses.size,
    pause(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const pause: Pause = {
          at: now + ms,
          end() {
            pauses.delete(pause);
            resolve();
          },
        };
        pauses.add(pause);
        signal?.addEventListener('abort', () => pause.end(), { once: true });
      });
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = [...pauses].filter((pause) => pause.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        now = Math.max(now, next.at);
        next.end();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}
