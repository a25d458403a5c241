import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#e2e/run.ts';
import { onLoadCore } from './cores.ts';
import { vegetaProgram } from './vegeta/program.ts';

/** Left out of what is measured, while connections are made and code that was given up in quiet is compiled again. */
const warmUpSeconds = 1;

/**
 * Gets a URL at a fixed pace, evenly and whatever the answers take, over up to 64 connections; answers the microseconds of
 * each request after the first second, in order of size. (h2load's `--rps` sends what is due in bursts every 10 ms: those would queue here.)
 * Throws when one is not answered 2xx.
 */
export async function paced(url: string, perSecond: number, seconds: number): Promise<number[]> {
  const vegeta = await vegetaProgram();
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-pace-'));
  try {
    const targets = join(folder, 'targets');
    const results = join(folder, 'results');
    await writeFile(targets, `GET ${url}\n`);
    const pace = [`-rate=${perSecond}/s`, `-duration=${warmUpSeconds + seconds}s`, '-connections=64', '-http2=false'];
    const [command, ...args] = onLoadCore([vegeta, 'attack', ...pace, `-targets=${targets}`, `-output=${results}`]);
    await run(command!, args);
    const lines = (await run(vegeta, ['encode', '-to=csv', results])).trim().split('\n');
    const seen = lines.map((line) => tookMicroseconds(url, line));
    return seen.slice(warmUpSeconds * perSecond).sort((a, b) => a - b);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of a line of vegeta's: Unix nanoseconds, status, nanoseconds taken, and more. */
function tookMicroseconds(url: string, line: string): number {
  const [, status, nanoseconds] = line.split(',');
  if (!status!.startsWith('2')) throw new Error(`${url} answered ${status} at a fixed pace`);
  return Number(nanoseconds) / 1_000;
}
