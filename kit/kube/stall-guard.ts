import type { Clock } from '#kit/lifecycle/clock.ts';

export type StallGuard = AsyncDisposable & {
  /** Fires when nothing was heard for too long, or with the outer signal. */
  readonly signal: AbortSignal;
  heard(): void;
  stalled(): boolean;
};

/** Watches over a stream that should say something every `stallMs`; ends with its scope. */
export function stallGuard(clock: Clock, stallMs: number, outer: AbortSignal): StallGuard {
  const own = new AbortController();
  const signal = AbortSignal.any([outer, own.signal]);
  let heardAt = clock.now();
  let stalled = false;
  const watching = (async () => {
    while (!signal.aborted) {
      await clock.pause(heardAt + stallMs - clock.now(), signal);
      if (signal.aborted || clock.now() - heardAt < stallMs) continue;
      stalled = true;
      own.abort();
    }
  })();
  return {
    signal,
    heard: () => {
      heardAt = clock.now();
    },
    stalled: () => stalled,
    async [Symbol.asyncDispose]() {
      own.abort();
      await watching;
    },
  };
}
