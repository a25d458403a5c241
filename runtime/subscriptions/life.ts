import type { Clock } from '#kit/lifecycle/clock.ts';

/** From the opening of what takes in messages to its end. */
export type Life = {
  /** Fires at the end. */
  readonly signal: AbortSignal;
  /** Whether it takes no more messages. */
  isClosing(): boolean;
  /** Counts what is under way, and treats what comes late as agreed. */
  counted<T, R>(
    handler: (message: T, signal: AbortSignal) => Promise<R>,
  ): (message: T, signal: AbortSignal) => Promise<R>;
  /** Resolves when nothing has been under way for a while, or after `drainMs`. */
  quiet(drainMs: number): Promise<void>;
  /** Takes no more, waits for what is under way, at most `drainMs`, and ends. Asked twice, it closes once. */
  close(drainMs: number): Promise<void>;
};

/**
 * What is done, once closing, with what comes new: refused with an error; or made to wait for the end, as what fails
 * then, so that it is left to the broker, which might make a dead letter of what is refused.
 */
export type Late = 'waits' | Error;

/** After the last message the component still has to tell the broker what was settled. */
const settleMs = 400;
const quietMs = 100;

/** A life that has begun; `late` is what becomes of messages that come while it closes. */
export function createLife(clock: Clock, late: Late = 'waits'): Life {
  const abort = new AbortController();
  const idle: (() => void)[] = [];
  let underWay = 0;
  let taken = 0;
  let closing: Promise<void> | undefined;
  const untilIdle = async (drainMs: number): Promise<void> => {
    if (underWay === 0 || drainMs === 0) return;
    const patience = new AbortController();
    const done = new Promise<void>((resolve) => idle.push(resolve));
    await Promise.race([done, clock.pause(drainMs, patience.signal)]);
    patience.abort();
  };
  const end = async (drainMs: number): Promise<void> => {
    if (underWay > 0) {
      await untilIdle(drainMs);
      if (underWay === 0) await clock.pause(settleMs, abort.signal);
    }
    abort.abort();
  };
  const left = async (signal: AbortSignal): Promise<never> => {
    if (late === 'waits') return await untilAborted(signal);
    throw late;
  };
  const finished = () => {
    if (--underWay === 0) for (const resolve of idle.splice(0)) resolve();
  };
  return {
    signal: abort.signal,
    isClosing: () => closing !== undefined,
    counted: (handler) => async (message, signal) => {
      if (closing !== undefined) return await left(signal);
      underWay++;
      taken++;
      try {
        const answer = await handler(message, signal);
        finished();
        return answer;
      } catch (thrown) {
        finished();
        if (closing !== undefined && late === 'waits') return await left(signal);
        throw thrown;
      }
    },
    async quiet(drainMs) {
      const until = clock.now() + drainMs;
      for (let before = -1; before !== taken || underWay > 0; ) {
        before = taken;
        const left = until - clock.now();
        if (left <= 0) return;
        await untilIdle(left);
        await clock.pause(Math.min(quietMs, left), abort.signal);
      }
    },
    close(drainMs) {
      closing ??= end(drainMs);
      return closing;
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error('the subscription has ended'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
