import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { version } from '#kit/version.ts';
import { machine } from './sidecar/result.ts';

/** One number that was measured, beside the bound that the project sets itself, if it does. */
export type Figure = { name: string; value: number; unit: string; limit?: { atMost: number } | { atLeast: number } };

/**
 * Writes what a bench has measured to `bench/results/<day>-<bench>.json`, with the machine, the versions and how busy
 * the machine was; answers the same as lines of text.
 */
export async function record(bench: string, options: object, figures: readonly Figure[]): Promise<string> {
  const at = new Date().toISOString();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const versions = { outrigger: `${version} ${commit}`, node: process.version };
  const taken = { ...machine(versions), load: loadavg()[0]!.toFixed(1) };
  const folder = join(import.meta.dirname, 'results');
  const file = join(folder, `${at.slice(0, 10)}-${bench}.json`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, `${JSON.stringify({ at, machine: taken, options, figures }, undefined, 2)}\n`);
  const facts = Object.entries({ ...taken, ...options }).map(([name, value]) => `${name} ${value}`);
  return `${facts.join(', ')}\n${figures.map(line).join('')}${file}\n`;
}

function line({ name, value, unit, limit }: Figure): string {
  const digits = value < 100 ? 1 : 0;
  return `${name.padEnd(44)} ${value.toFixed(digits)} ${unit}${limit ? `  (${bound(value, limit)})` : ''}\n`;
}

function bound(value: number, limit: NonNullable<Figure['limit']>): string {
  const [text, kept] =
    'atMost' in limit
      ? [`at most ${limit.atMost}`, value <= limit.atMost]
      : [`at least ${limit.atLeast}`, value >= limit.atLeast];
  return `${text}: ${kept ? 'kept' : 'missed'}`;
}
