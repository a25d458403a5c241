/** Which of so many messages arrived, and how often one came again. */
export type Tally = {
  /** Counts message `id`; the first is 0. */
  add(id: number): void;
  readonly arrived: number;
  readonly duplicates: number;
  /** Resolves when that many different ones have arrived. */
  reached(count: number): Promise<void>;
  /** Milliseconds since the last that was new, on the clock of `performance`. */
  quietFor(): number;
};

export function createTally(size: number): Tally {
  const seen = new Uint8Array(size);
  const waiting: { count: number; resolve(): void }[] = [];
  let arrived = 0;
  let duplicates = 0;
  let last = performance.now();
  const wake = () => {
    for (let i = waiting.length - 1; i >= 0; i--) {
      if (waiting[i]!.count <= arrived) waiting.splice(i, 1)[0]!.resolve();
    }
  };
  return {
    add(id) {
      if (seen[id] !== 0) {
        duplicates++;
        return;
      }
      seen[id] = 1;
      arrived++;
      last = performance.now();
      if (waiting.length > 0) wake();
    },
    get arrived() {
      return arrived;
    },
    get duplicates() {
      return duplicates;
    },
    reached: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        wake();
      }),
    quietFor: () => performance.now() - last,
  };
}
