import { setTimeout as pause } from 'node:timers/promises';
import { type Sidecar, type Subject, startSidecar } from '../sidecar/subject.ts';
import { type BrokerName, brokers } from './brokers.ts';
import { startSubscriber } from './subscriber.ts';
import { createTally, type Tally } from './tally.ts';

export type LossOptions = {
  broker: BrokerName;
  subject: Subject;
  messages: number;
  /** How often the sidecar is killed meanwhile. */
  kills: number;
  /** How often the broker is killed and started again meanwhile. */
  restarts: number;
  say?: (line: string) => void;
};

export type Loss = { lost: number; duplicates: number; kills: number; restarts: number; seconds: number };

const topic = 'losses';
const batch = 50;
const publishers = 8;
/** When nothing new has come for so long, the rest is lost. */
const patienceMs = 90_000;
const extraMs = 3_000;
const mostStarts = 60;

/**
 * Publishes messages through a sidecar which delivers them to an app, while the sidecar and the broker are killed by
 * SIGKILL, evenly spread. A message counts as published only when the sidecar said so; else it is published again.
 */
export async function lose({ broker, subject, messages, kills, restarts, say = () => {} }: LossOptions): Promise<Loss> {
  await using stack = new AsyncDisposableStack();
  const tally = createTally(messages);
  const app = stack.use(await startSubscriber(topic, (body) => tally.add(idOf(body))));
  const server = stack.use(await brokers[broker]());
  const launch = () =>
    persistently(() =>
      startSidecar(subject, {
        appId: 'loss',
        appPort: app.port,
        stores: 0,
        manifests: [server.component],
        pinned: false,
      }),
    );
  let sidecar: Sidecar = await launch();
  stack.defer(() => sidecar[Symbol.asyncDispose]());
  const began = performance.now();
  const done = new AbortController();
  const published = publishAll(messages, () => sidecar.http, done.signal);
  const killing = spread(kills, messages, tally, async (n) => {
    say(`kill of sidecar ${n} of ${kills}: ${tally.arrived} arrived, ${tally.duplicates} came again`);
    await sidecar.kill();
    sidecar = await launch();
  });
  const crashing = spread(restarts, messages, tally, async (n) => {
    say(`crash of broker ${n} of ${restarts}: ${tally.arrived} arrived`);
    await server.crash();
  });
  await Promise.race([tally.reached(messages), stalled(tally)]);
  const seconds = (performance.now() - began) / 1_000;
  done.abort();
  await Promise.race([Promise.all([published, killing, crashing]), pause(patienceMs, undefined, { ref: false })]);
  await pause(extraMs);
  return { lost: messages - tally.arrived, duplicates: tally.duplicates, kills, restarts, seconds };
}

/** A sidecar ends where its broker is away: it is started again until it stays, as an orchestrator would. */
async function persistently<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries >= mostStarts) throw error;
    }
  }
}

const idOf = (body: Buffer): number => (JSON.parse(body.toString()) as { data: { id: number } }).data.id;

async function stalled(tally: Tally): Promise<void> {
  while (tally.quietFor() < patienceMs) await pause(1_000, undefined, { ref: false });
}

/** Does something so many times, each when another share of the messages has arrived. */
async function spread(times: number, messages: number, tally: Tally, act: (n: number) => Promise<void>): Promise<void> {
  for (let n = 1; n <= times; n++) {
    await tally.reached(Math.floor((messages * n) / (times + 1)));
    await act(n);
  }
}

async function publishAll(messages: number, address: () => string, signal: AbortSignal): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < messages && !signal.aborted) {
      const from = next;
      next = Math.min(messages, next + batch);
      let left = Array.from({ length: next - from }, (_, i) => from + i);
      while (left.length > 0 && !signal.aborted) left = await publish(left, address(), signal);
    }
  };
  await Promise.all(Array.from({ length: publishers }, work));
}

/** Answers those that the sidecar did not take. */
async function publish(ids: number[], address: string, signal: AbortSignal): Promise<number[]> {
  const entries = ids.map((id) => ({ entryId: String(id), event: { id }, contentType: 'application/json' }));
  try {
    const answer = await fetch(`http://${address}/v1.0/publish/bulk/pubsub/${topic}`, {
      method: 'POST',
      body: JSON.stringify(entries),
      headers: { 'content-type': 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    });
    const text = await answer.text();
    if (answer.ok) return [];
    const { failedEntries = [] } = JSON.parse(text) as { failedEntries?: { entryId: string }[] };
    return failedEntries.length > 0 ? failedEntries.map(({ entryId }) => Number(entryId)) : ids;
  } catch {
    await pause(20);
    return ids;
  }
}
