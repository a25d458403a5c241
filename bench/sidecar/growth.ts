import { measure } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Curve } from './result.ts';
import { quantile } from './statistics.ts';
import { type Sidecar, type SidecarOptions, type Subject, startSidecar } from './subject.ts';
import { residentMiB } from './usage.ts';
import { prepare, workloads } from './workloads.ts';

const get = workloads.find(({ name }) => name === 'state get, HTTP')!;

/** One question asked at several sizes: how a figure grows with them. */
type Question = {
  name: string;
  x: string;
  unit: string;
  sizes: readonly number[];
  /** The sidecar for a size; one is kept where they are alike. */
  sidecar?(size: number): SidecarOptions;
  ask(sidecar: Sidecar, size: number, options: BenchOptions): Promise<number>;
};

const microseconds = async (sidecar: Sidecar, load: Parameters<typeof measure>[1], requests: number) =>
  (await measure([sidecar.pid], load, requests)).cpuMicroseconds;

const questions: readonly Question[] = [
  {
    ...{ name: 'CPU of a state get over HTTP', x: 'connections', unit: 'µs/request' },
    sizes: [1, 8, 32, 128, 512],
    ask: (sidecar, connections, { requests }) => microseconds(sidecar, { ...get.load(sidecar), connections }, requests),
  },
  {
    ...{ name: 'CPU of a state set over HTTP', x: 'bytes of the value', unit: 'µs/request' },
    sizes: [10, 100, 1_000, 10_000, 100_000, 1_000_000],
    ask: (sidecar, size, { requests }) => {
      const body = Buffer.from(JSON.stringify([{ key: 'k', value: 'x'.repeat(size) }]));
      const url = `http://${sidecar.http}/v1.0/state/store`;
      const count = Math.max(200, Math.ceil(requests / Math.max(1, size / 2_000)));
      return microseconds(sidecar, { url, protocol: 'http', body }, count);
    },
  },
  {
    ...{ name: 'CPU of a state get over HTTP', x: 'components', unit: 'µs/request' },
    sizes: [1, 10, 100],
    sidecar: (stores) => ({ stores }),
    ask: (sidecar, _, { requests }) => microseconds(sidecar, get.load(sidecar), requests),
  },
  {
    ...{ name: 'start to healthy', x: 'components', unit: 'ms' },
    sizes: [0, 10, 100],
    sidecar: (stores) => ({ stores, pinned: false }),
    ask: async ({ startMs }) => startMs,
  },
  {
    ...{ name: 'resident memory, just started', x: 'components', unit: 'MiB' },
    sizes: [0, 10, 100],
    sidecar: (stores) => ({ stores }),
    ask: async ({ pid }) => residentMiB(pid),
  },
  {
    ...{ name: 'start to healthy', x: 'subscriptions', unit: 'ms' },
    sizes: [0, 10, 100],
    sidecar: (count) => ({ manifests: [pubsub, ...subscriptions(count)], pinned: false }),
    ask: async ({ startMs }) => startMs,
  },
  {
    ...{ name: 'reading the metrics', x: 'stores in use', unit: 'ms' },
    sizes: [1, 10, 100],
    sidecar: (stores) => ({ stores }),
    ask: async (sidecar, stores) => {
      for (let i = 1; i < stores; i++) await fetch(`http://${sidecar.http}/v1.0/state/store${i}/k`);
      const took: number[] = [];
      for (let i = 0; i < 10; i++) {
        const began = performance.now();
        await (await fetch(sidecar.metrics)).text();
        took.push(performance.now() - began);
      }
      return quantile(
        took.sort((a, b) => a - b),
        0.5,
      );
    },
  },
];

const pubsub = `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: pubsub }
spec: { type: pubsub.in-memory, version: v1, metadata: [] }
`;

const subscriptions = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: { name: s${i} }
spec: { pubsubname: pubsub, topic: t${i}, routes: { default: /t${i} } }
`,
  );

/** How cost grows with what a sidecar is given to do. */
export async function measureGrowth(subjects: readonly Subject[], options: BenchOptions): Promise<Curve[]> {
  const curves: Curve[] = [];
  for (const question of questions) {
    const { name, x, unit } = question;
    const curve: Curve = { name, x, unit, points: {} };
    for (const subject of subjects) curve.points[subject.name] = await answers(question, subject, options);
    curves.push(curve);
  }
  return curves;
}

async function answers(question: Question, subject: Subject, options: BenchOptions): Promise<[number, number][]> {
  const points: [number, number][] = [];
  const shared = question.sidecar === undefined ? await startSidecar(subject) : undefined;
  if (shared !== undefined) await warm(shared, options);
  for (const size of question.sizes) {
    const sidecar = shared ?? (await startSidecar(subject, question.sidecar!(size)));
    try {
      if (shared === undefined && question.unit === 'µs/request') await warm(sidecar, options);
      points.push([size, await question.ask(sidecar, size, options)]);
    } finally {
      if (shared === undefined) await sidecar[Symbol.asyncDispose]();
    }
  }
  await shared?.[Symbol.asyncDispose]();
  return points;
}

async function warm(sidecar: Sidecar, { requests }: BenchOptions): Promise<void> {
  await prepare(sidecar);
  await measure([sidecar.pid], get.load(sidecar), requests);
}
