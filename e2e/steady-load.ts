/** What a load has met so far. */
export type LoadResult = {
  calls: number;
  /** What went wrong, call by call. */
  failures: string[];
  /** Calls begun per second, on the whole. */
  rate: number;
};

export type SteadyLoad = {
  /** Calls that have been answered. */
  answered(): number;
  /** Begins no more calls, waits for those under way and says how all went. */
  stop(): Promise<LoadResult>;
};

const tickMs = 10;

/**
 * Makes calls at a steady rate, whether or not those before have been answered: a server that stalls gets no mercy. A
 * call fails by rejecting.
 */
export function steadyLoad(perSecond: number, call: () => Promise<void>): SteadyLoad {
  const began = performance.now();
  const failures: string[] = [];
  const underWay = new Set<Promise<void>>();
  let calls = 0;
  let answered = 0;
  const one = () => {
    calls += 1;
    const running = call()
      .catch((thrown) => void failures.push(String(thrown)))
      .finally(() => {
        answered += 1;
        underWay.delete(running);
      });
    underWay.add(running);
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1_000);
    while (calls < due) one();
  }, tickMs);
  return {
    answered: () => answered,
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - began) / 1_000;
      await Promise.all(underWay);
      return { calls, failures, rate: calls / seconds };
    },
  };
}
