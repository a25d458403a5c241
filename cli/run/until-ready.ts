import { setTimeout } from 'node:timers/promises';

/** Asks an address every 100 ms until it answers 2xx. Rejects when the signal fires first. */
export async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const answer = await fetch(url, { signal }).catch(() => undefined);
    if (answer?.ok) return;
    await setTimeout(100, undefined, { signal });
  }
}
