import { setTimeout as pause } from 'node:timers/promises';

export type LoadSeen = {
  sent: number;
  /** What was wrong with each call that failed. */
  failures: string[];
  /** Of calls that are over, in milliseconds, in rising order. */
  latencies: number[];
};

export type SteadyLoad = {
  /** Calls sent so far. */
  sent(): number;
  /** Sends no more, waits for the calls under way, and tells what was seen. */
  stop(): Promise<LoadSeen>;
};

const tickMs = 20;
/** A machine that cannot keep up shall not drown in calls. */
const mostUnderWay = 250;

/**
 * Makes so many calls a second, or as many as the machine can where that is less, whether or not earlier ones have been
 * answered. `call` rejects with what is wrong.
 */
export function steadyLoad(perSecond: number, call: (number: number) => Promise<void>): SteadyLoad {
  const failures: string[] = [];
  const latencies: number[] = [];
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  let running = true;
  const one = async (number: number): Promise<void> => {
    const at = performance.now();
    try {
      await call(number);
    } catch (thrown) {
      failures.push((thrown as Error).message);
    }
    latencies.push(performance.now() - at);
  };
  const sending = (async () => {
    const perTick = Math.round((perSecond * tickMs) / 1_000);
    for (let due = performance.now(); running; due = Math.max(due + tickMs, performance.now() - tickMs)) {
      for (let i = 0; i < perTick && underWay.size < mostUnderWay; i++) {
        const made = one(sent++);
        underWay.add(made);
        void made.then(() => underWay.delete(made));
      }
      await pause(Math.max(0, due + tickMs - performance.now()));
    }
  })();
  return {
    sent: () => sent,
    async stop() {
      running = false;
      await sending;
      await Promise.all(underWay);
      return { sent, failures, latencies: latencies.sort((a, b) => a - b) };
    },
  };
}
