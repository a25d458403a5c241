export type LoadSeen = {
  sent: number;
  /** What was wrong with each call that failed. */
  failures: string[];
  /** Of calls that are over, in milliseconds, in rising order. */
  latencies: number[];
};

export type SteadyLoad = AsyncDisposable & {
  /** Calls sent so far. */
  sent(): number;
  /** Calls that are over so far, failed ones too. */
  answered(): number;
  /** Sends no more, waits for the calls under way, and tells what was seen. */
  stop(): Promise<LoadSeen>;
};

const tickMs = 10;
/** A machine that cannot keep up shall not drown in calls: enough for an answer within a fifth of a second. */
const mostUnderWay = 100;

/**
 * Makes so many calls a second, or as many as the machine can where that is less, whether or not earlier ones have been
 * answered. `call` rejects with what is wrong.
 */
export function steadyLoad(perSecond: number, call: (number: number) => Promise<void>): SteadyLoad {
  const failures: string[] = [];
  const latencies: number[] = [];
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  let sent = 0;
  const one = async (number: number): Promise<void> => {
    const at = performance.now();
    try {
      await call(number);
    } catch (thrown) {
      failures.push((thrown as Error).message);
    }
    latencies.push(performance.now() - at);
  };
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * perSecond) / 1_000);
    while (sent < due && underWay.size < mostUnderWay) {
      const made = one(sent++);
      underWay.add(made);
      void made.then(() => underWay.delete(made));
    }
  }, tickMs);
  const end = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(underWay);
  };
  return {
    sent: () => sent,
    answered: () => latencies.length,
    async stop() {
      await end();
      return { sent, failures, latencies: latencies.sort((a, b) => a - b) };
    },
    [Symbol.asyncDispose]: end,
  };
}
