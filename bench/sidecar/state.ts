import { alternate, measure, type Sample } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { type Sidecar, type Subject, startSidecar } from './subject.ts';
import { prepare, workloads } from './workloads.ts';

/** Every state workload at saturation: CPU of the sidecar per request, and requests per second. */
export async function measureState(subjects: readonly Subject[], { rounds, requests }: BenchOptions): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const sidecars = new Map<string, Sidecar>();
  for (const subject of subjects) {
    const sidecar = stack.use(await startSidecar(subject));
    await prepare(sidecar);
    sidecars.set(subject.name, sidecar);
  }
  const rows: Row[] = [];
  for (const { name, load } of workloads) {
    const tasks = [...sidecars].map(([subject, sidecar]) => [
      subject,
      () => measure([sidecar.pid], load(sidecar), requests),
    ]);
    const samples: Record<string, Sample[]> = await alternate(Object.fromEntries(tasks), rounds + 1);
    rows.push(...costAndThroughput(name, samples));
  }
  return rows;
}

/** Two rows from samples by subject; the first of each warmed up and is left out. */
export function costAndThroughput(name: string, samples: Readonly<Record<string, Sample[]>>): Row[] {
  const each = (pick: (sample: Sample) => number) =>
    Object.fromEntries(Object.entries(samples).map(([subject, all]) => [subject, all.slice(1).map(pick)]));
  return [
    row(
      `CPU, ${name}`,
      'µs/request',
      each((sample) => sample.cpuMicroseconds),
    ),
    row(
      `throughput, ${name}`,
      'requests/s',
      each((sample) => sample.perSecond),
    ),
  ];
}
