/** A gate that lets so many through at once; the others wait in order. */
export type Gate = {
  /** Resolves to the function that gives the place back; calling that again does nothing. Rejects when the signal fires first. */
  enter(signal: AbortSignal | undefined): Promise<() => void>;
};

const entered = Promise.resolve(() => {});
const open: Gate = { enter: () => entered };

/** A limit of 0 or less lets everybody through. */
export function concurrencyGate(limit: number): Gate {
  if (limit <= 0) return open;
  let free = limit;
  const waiting: (() => void)[] = [];
  const leave = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    };
  };
  return {
    enter(signal) {
      signal?.throwIfAborted();
      if (free > 0) {
        free -= 1;
        return Promise.resolve(leave());
      }
      return new Promise((resolve, reject) => {
        const go = (): void => {
          signal?.removeEventListener('abort', giveUp);
          resolve(leave());
        };
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(go), 1);
          reject(signal?.reason);
        };
        waiting.push(go);
        signal?.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
