import { alternate } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { type Subject, startSidecar } from './subject.ts';

/** From starting the process to being healthy, as often as there are rounds; a first start warms the file cache. */
export async function measureStart(subjects: readonly Subject[], { rounds }: BenchOptions): Promise<Row[]> {
  const once = (subject: Subject) => async () => {
    await using sidecar = await startSidecar(subject, { pinned: false });
    return sidecar.startMs;
  };
  const tasks = Object.fromEntries(subjects.map((subject) => [subject.name, once(subject)]));
  const samples = await alternate(tasks, rounds + 1);
  const warm = Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, all.slice(1)]));
  return [row('start to healthy', 'ms', warm)];
}
