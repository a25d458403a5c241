import { saturate } from '../sidecar/load.ts';
import { alternate } from '../sidecar/measure.ts';
import type { Row } from '../sidecar/result.ts';
import { row } from '../sidecar/rows.ts';
import { quantile } from '../sidecar/statistics.ts';
import { type Sidecar, type Subject, startSidecar } from '../sidecar/subject.ts';
import { cpuMicroseconds } from '../sidecar/usage.ts';
import { type BrokerName, brokers } from './brokers.ts';
import { paceThrough } from './pace.ts';
import { startSubscriber } from './subscriber.ts';

export type DeliveryOptions = { rounds: number; messages: number; seconds: number };

type Line = {
  sidecar: Sidecar;
  topic: string;
  /** Gets the body of each delivery from now on. */
  listen(take: (body: Buffer) => void): void;
};

type Sample = { perSecond: number; perCpuSecond: number };

const message = Buffer.from(JSON.stringify({ order: 'x'.repeat(1_000) }));
const pacePerSecond = 200;

/** Messages per CPU-second that ours must reach, by those of daprd in the same run: bounds of issue 6. */
const bounds: Readonly<Partial<Record<BrokerName, number>>> = { 'in-memory': 1.5, redis: 1.5, rabbitmq: 1, kafka: 1 };

/** From publishing over HTTP to having been delivered to an app, 1 KB each: what it costs, how much and how fast. */
export async function measureDelivery(
  broker: BrokerName,
  subjects: readonly Subject[],
  options: DeliveryOptions,
): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await brokers[broker]());
  const lines = new Map<string, Line>();
  for (const subject of subjects) lines.set(subject.name, await startLine(subject, server.component, stack));
  const tasks = <T>(task: (line: Line) => Promise<T>) =>
    Object.fromEntries([...lines].map(([name, line]) => [name, () => task(line)]));
  const full = await alternate<Sample>(
    tasks((line) => flood(line, options.messages)),
    options.rounds + 1,
  );
  const paced = await alternate<number[]>(
    tasks((line) => pace(line, options.seconds)),
    options.rounds,
  );
  const each = <T>(samples: Readonly<Record<string, T[]>>, figure: (sample: T) => number, skip = 0) =>
    Object.fromEntries(Object.entries(samples).map(([name, all]) => [name, all.slice(skip).map(figure)]));
  const perCpuSecond = row(
    `${broker}, publish to deliver`,
    'messages/CPU-second',
    each(full, (s) => s.perCpuSecond, 1),
  );
  const bound = bounds[broker];
  return [
    { ...perCpuSecond, ...(bound !== undefined && { limit: { atLeast: bound } }) },
    row(
      `${broker}, publish to deliver, rate`,
      'messages/s',
      each(full, (s) => s.perSecond, 1),
    ),
    row(
      `${broker}, publish to deliver at ${pacePerSecond}/s, p50`,
      'ms',
      each(paced, (s) => quantile(s, 0.5)),
    ),
    row(
      `${broker}, publish to deliver at ${pacePerSecond}/s, p99`,
      'ms',
      each(paced, (s) => quantile(s, 0.99)),
    ),
  ];
}

async function startLine(subject: Subject, component: string, stack: AsyncDisposableStack): Promise<Line> {
  const topic = `bench-${subject.name}`;
  let take: (body: Buffer) => void = () => {};
  const app = stack.use(await startSubscriber(topic, (body) => take(body)));
  const sidecar = stack.use(
    await startSidecar(subject, {
      appId: `bench-${subject.name}`,
      appPort: app.port,
      stores: 0,
      manifests: [component],
      pinned: false,
    }),
  );
  const line: Line = {
    sidecar,
    topic,
    listen(taker) {
      take = taker;
    },
  };
  await firstDelivery(line);
  return line;
}

const publishUrl = ({ sidecar, topic }: Line): string => `http://${sidecar.http}/v1.0/publish/pubsub/${topic}`;
const json = { 'content-type': 'application/json' };

/** A subscription may begin a while after the sidecar is well. */
async function firstDelivery(line: Line): Promise<void> {
  const first = Promise.withResolvers<true>();
  line.listen(() => first.resolve(true));
  for (let tries = 0; tries < 100; tries++) {
    await fetch(publishUrl(line), { method: 'POST', body: '{}', headers: json });
    if (await Promise.race([first.promise, new Promise((resolve) => setTimeout(resolve, 300))])) return;
  }
  throw new Error(`nothing was delivered of ${line.topic}`);
}

/** Publishes as fast as it goes; ends when all was delivered. */
async function flood(line: Line, messages: number): Promise<Sample> {
  const all = Promise.withResolvers<void>();
  let left = messages;
  line.listen((body) => {
    if (body.length > message.length && --left === 0) all.resolve();
  });
  const before = cpuMicroseconds(line.sidecar.pid);
  const began = performance.now();
  await saturate({ url: publishUrl(line), protocol: 'http', headers: json, body: message }, messages);
  await all.promise;
  const seconds = (performance.now() - began) / 1_000;
  return {
    perSecond: messages / seconds,
    perCpuSecond: (messages * 1e6) / (cpuMicroseconds(line.sidecar.pid) - before),
  };
}

/** At a fixed pace: milliseconds from publishing to delivery of each message, in order of size. */
async function pace(line: Line, seconds: number): Promise<number[]> {
  const took: number[] = [];
  line.listen((body) => {
    const at = (JSON.parse(body.toString()) as { data?: { at?: number } }).data?.at;
    if (at !== undefined) took.push(performance.now() - at);
  });
  await paceThrough(publishUrl(line), { perSecond: pacePerSecond, seconds, headers: json });
  for (let waits = 0; took.length < pacePerSecond * seconds && waits < 100; waits++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return took.sort((a, b) => a - b);
}
