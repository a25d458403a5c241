import type { Logger } from '#kit/log/logger.ts';

const shortestPauseMs = 500;
const longestPauseMs = 30_000;

/** What is pushed, as the iterable that a stream takes. */
export type Outgoing<T> = AsyncIterable<T> & { push(item: T): void; end(): void };

/** The sending side of a stream: what is pushed comes out in order, until the end. */
export function outgoing<T>(): Outgoing<T> {
  const waiting: T[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  const stir = () => {
    wake?.();
    wake = undefined;
  };
  return {
    push(item) {
      waiting.push(item);
      stir();
    },
    end() {
      ended = true;
      stir();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift()!;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/**
 * Keeps a stream open until the signal aborts. `open` runs it to its end; when it ends or fails it is opened again
 * after a pause that doubles from 0.5 s to 30 s, and starts over once a stream has yielded anything.
 */
export async function keepOpen(
  what: string,
  open: (alive: () => void) => Promise<void>,
  { signal, log }: { signal: AbortSignal; log: Logger },
): Promise<void> {
  let pause = shortestPauseMs;
  while (!signal.aborted) {
    try {
      await open(() => {
        pause = shortestPauseMs;
      });
      if (!signal.aborted) log.warn(`${what} ended; opening it again in ${pause} ms`);
    } catch (error) {
      if (signal.aborted) return;
      log.warn(
        `${what} failed: ${error instanceof Error ? error.message : String(error)}; opening it again in ${pause} ms`,
      );
    }
    await delay(pause, signal);
    pause = Math.min(pause * 2, longestPauseMs);
  }
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish, { once: true });
  });
}
