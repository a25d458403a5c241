import type { Clock } from '#kit/lifecycle/clock.ts';

/** Pods come and go in crowds: what follows from them is done once for many. */
const crowdMs = 3_000;

/** Acts on a namespace a while after it was named, once for as often as it was named meanwhile. */
export function crowds(clock: Clock, signal: AbortSignal, act: (namespace: string) => void) {
  const waiting = new Set<string>();
  return (namespace: string): void => {
    if (waiting.has(namespace)) return;
    waiting.add(namespace);
    void clock.pause(crowdMs, signal).then(() => {
      waiting.delete(namespace);
      act(namespace);
    });
  };
}
