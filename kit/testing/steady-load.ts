export type LoadSeen = {
  sent: number;
  /** Calls sent per second, on the whole. */
  rate: number;
  /** What was wrong with each call that failed. */
  failures: string[];
  /** Of calls that are over, in milliseconds, in rising order. */
  latencies: number[];
};

export type SteadyLoad = {
  /** Calls sent so far. */
  sent(): number;
  /** Calls that are over so far, failed ones too. */
  answered(): number;
  /** Sends no more, waits for the calls under way, and tells what was seen. */
  stop(): Promise<LoadSeen>;
};

const tickMs = 10;
/** A machine that cannot keep up shall not drown in calls. */
const mostUnderWay = 1_000;

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
  return {
    sent: () => sent,
    answered: () => latencies.length,
    async stop() {
      clearInterval(timer);
      const seconds = (performance.now() - began) / 1_000;
      await Promise.all(underWay);
      return { sent, rate: sent / seconds, failures, latencies: latencies.sort((a, b) => a - b) };
    },
  };
}
