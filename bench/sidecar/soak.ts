import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { saturate } from './load.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { type Sidecar, type Subject, startSidecar } from './subject.ts';
import { residentMiB } from './usage.ts';

const urlsInTurn = 50_000;

/**
 * Memory over many requests none of which is like another: keys that no store has, and paths that lead nowhere. The
 * figures are those in quiet after a tenth of the requests, and after all: what grows in between grows for ever.
 */
export async function measureSoak(subjects: readonly Subject[], options: BenchOptions): Promise<Row[]> {
  const early: Record<string, number[]> = {};
  const late: Record<string, number[]> = {};
  for (const subject of subjects) {
    await using sidecar = await startSidecar(subject);
    await send(sidecar, options.soakRequests / 10);
    early[subject.name] = [await quiet(sidecar)];
    await send(sidecar, (options.soakRequests * 9) / 10);
    late[subject.name] = [await quiet(sidecar)];
  }
  const all = options.soakRequests.toLocaleString('en');
  return [
    row('resident memory after a tenth of the random requests', 'MiB', early),
    row(`resident memory after ${all} requests with random keys and paths`, 'MiB', late),
  ];
}

async function quiet({ pid }: Sidecar): Promise<number> {
  await pause(12_000);
  return residentMiB(pid);
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
