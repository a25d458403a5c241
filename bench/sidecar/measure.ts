import { type Load, type Outcome, saturate } from './load.ts';
import { cpuMicroseconds } from './usage.ts';

/** What one run of a load cost and gave. */
export type Sample = { cpuMicroseconds: number; perSecond: number };

/** Runs a load; the cost is what all the processes together spent, per request. */
export async function measure(pids: readonly number[], load: Load, requests: number): Promise<Sample> {
  const spent = () => pids.reduce((sum, pid) => sum + cpuMicroseconds(pid), 0);
  const before = spent();
  const { perSecond }: Outcome = await saturate(load, requests);
  return { cpuMicroseconds: (spent() - before) / requests, perSecond };
}

/** Runs every task `rounds` times, one after the other, each round beginning with the next: no task has the quiet part of a run. */
export async function alternate<T>(tasks: Readonly<Record<string, () => Promise<T>>>, rounds: number) {
  const samples: Record<string, T[]> = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]));
  const names = Object.keys(tasks);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length]!;
      samples[name]!.push(await tasks[name]!());
    }
  }
  return samples;
}
