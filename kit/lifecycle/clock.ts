/** Time as a parameter, so that tests decide when it passes. */
export type Clock = {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal fires. Never rejects. */
  pause(ms: number, signal?: AbortSignal): Promise<void>;
};

/** The machine's clock. A pause keeps the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  pause(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // A longer delay than 2^31-1 would fire at once.
      const timer = setTimeout(done, Math.min(ms, 2_147_483_647));
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};
