import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { start } from '#e2e/process.ts';
import { onLoadCore } from './cores.ts';
import { type Load, paced } from './load.ts';
import { alternate, measure, type Sample } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { isOpen } from './port.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { costAndThroughput } from './state.ts';
import { quantile } from './statistics.ts';
import { type Subject, startSidecar } from './subject.ts';

type Pair = { pids: number[]; url(path: string): string };

const quantiles = { p50: 0.5, p90: 0.9, p99: 0.99, 'p99.9': 0.999 };

/** Invocation app ← sidecar ← sidecar over HTTP: its cost, and the latency it adds to calling the app. */
export async function measureInvocation(subjects: readonly Subject[], options: BenchOptions): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-invocation-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const [port] = (await freePorts(1)) as [number];
  const app = ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'app.ts'), String(port)];
  const [command, ...args] = onLoadCore([process.execPath, ...app]);
  stack.use(start('app', command!, args, { log: join(folder, 'app') }));
  await eventually('the app to listen', async () => ((await isOpen(port)) ? true : undefined));
  const pairs = new Map<string, Pair>();
  for (const subject of subjects) pairs.set(subject.name, await startPair(subject, port, stack));
  return [
    ...(await cost('invocation of 1 KB through two sidecars, HTTP', pairs, { path: 'page' }, options)),
    ...(await cost(
      'invocation with 1 MB through two sidecars, HTTP',
      pairs,
      { path: 'echo', body: large },
      shorter(options),
    )),
    ...(await addedLatency(pairs, `http://127.0.0.1:${port}/page`, options)),
  ];
}

const large = Buffer.alloc(1_000_000, 7);
const shorter = (options: BenchOptions): BenchOptions => ({ ...options, requests: Math.ceil(options.requests / 50) });

async function startPair(subject: Subject, appPort: number, stack: AsyncDisposableStack): Promise<Pair> {
  const id = `bench-app-${subject.name}`;
  const called = stack.use(await startSidecar(subject, { appId: id, appPort }));
  const caller = stack.use(await startSidecar(subject, { appId: `bench-caller-${subject.name}` }));
  const url = (path: string) => `http://${caller.http}/v1.0/invoke/${id}/method/${path}`;
  await eventually(`${subject.name} to invoke`, async () => ((await fetch(url('page'))).ok ? true : undefined));
  return { pids: [called.pid, caller.pid], url };
}

async function cost(
  name: string,
  pairs: ReadonlyMap<string, Pair>,
  { path, body }: { path: string; body?: Buffer },
  { rounds, requests }: BenchOptions,
): Promise<Row[]> {
  const load = ({ url }: Pair): Load => ({ url: url(path), protocol: 'http', ...(body ? { body } : {}) });
  const tasks = [...pairs].map(([subject, pair]) => [subject, () => measure(pair.pids, load(pair), requests)]);
  const samples: Record<string, Sample[]> = await alternate(Object.fromEntries(tasks), rounds + 1);
  return costAndThroughput(name, samples);
}

/** At 1,000 requests a second, whatever the answers take: each quantile less that of calling the app directly. */
async function addedLatency(
  pairs: ReadonlyMap<string, Pair>,
  direct: string,
  { rounds }: BenchOptions,
): Promise<Row[]> {
  const pace = (url: string) => () => paced({ url, protocol: 'http' }, 1_000, 4);
  const tasks = [...pairs].map(([subject, pair]) => [subject, pace(pair.url('page'))] as const);
  const samples = await alternate({ direct: pace(direct), ...Object.fromEntries(tasks) }, rounds);
  return Object.entries(quantiles).map(([name, share]) => {
    const added = [...pairs.keys()].map((subject) => [
      subject,
      samples[subject]!.map((sorted, round) => quantile(sorted, share) - quantile(samples['direct']![round]!, share)),
    ]);
    return row(`latency added at 1,000/s, ${name}`, 'µs', Object.fromEntries(added));
  });
}
