import { setTimeout } from 'node:timers/promises';

/**
 * Runs a check of real processes or sockets again until it passes, and answers what it answered. After the deadline it
 * fails with the check's last error. For the outside world only: what has a clock of its own gets a fake one instead.
 */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 60_000, everyMs = 25): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
    }
    await setTimeout(everyMs);
  }
}
