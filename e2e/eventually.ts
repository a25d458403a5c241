import { setTimeout as delay } from 'node:timers/promises';

export interface Waiting {
  /** Seconds until this gives up; 120 unless told. */
  timeout?: number;
  signal?: AbortSignal | undefined;
  /** A program that has to stay alive meanwhile. */
  alive?: () => boolean;
}

/**
 * Asks `probe` until it answers something else than undefined. Only for what
 * cannot be watched, such as a server's port before it opens.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  { timeout = 120, signal, alive = () => true }: Waiting = {},
): Promise<T> {
  const end = performance.now() + timeout * 1_000;
  let last: unknown;
  while (performance.now() < end) {
    signal?.throwIfAborted();
    if (!alive()) throw new Error(`${what}: the program ended before it was ready`);
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await delay(50, undefined, { signal });
  }
  throw new Error(`${what}: not within ${timeout} s${last ? `: ${String(last)}` : ''}`, { cause: last });
}
