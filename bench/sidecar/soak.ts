import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { saturate } from './load.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { type Sidecar, type Subject, startSidecar } from './subject.ts';
import { residentMiB } from './usage.ts';

const urlsInTurn = 50_000;

/** Long enough for a sidecar to give back what it does not need. */
const quietMs = 15_000;

/**
 * Memory over many requests none of which is like another: keys that no store has, and paths that lead nowhere. The
 * figures are those in quiet after half of the requests, and after all: what grows in between grows for ever.
 */
export async function measureSoak(subjects: readonly Subject[], options: BenchOptions): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const sidecars = new Map<string, Sidecar>();
  for (const subject of subjects) sidecars.set(subject.name, stack.use(await startSidecar(subject)));
  const rows: Row[] = [];
  for (const part of [0.5, 1]) {
    for (const sidecar of sidecars.values()) await send(sidecar, options.soakRequests / 2);
    await pause(quietMs);
    const seen = [...sidecars].map(([name, { pid }]) => [name, [residentMiB(pid)]]);
    const count = (options.soakRequests * part).toLocaleString('en');
    const name = `resident memory after ${count} requests with random keys and paths`;
    rows.push(row(name, 'MiB', Object.fromEntries(seen)));
  }
  return rows;
}

/** Sends them in batches, each with its own random URLs. */
async function send({ http }: Sidecar, requests: number): Promise<void> {
  for (let left = requests; left > 0; left -= urlsInTurn) {
    const count = Math.min(left, urlsInTurn);
    const urls = Array.from({ length: count }, (_, i) => {
      const random = randomBytes(8).toString('hex');
      return i % 2 === 0 ? `http://${http}/v1.0/state/store/${random}` : `http://${http}/${random}/${i}`;
    });
    await saturate({ url: '', urls, protocol: 'http' }, count);
  }
}
