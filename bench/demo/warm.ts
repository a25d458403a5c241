/**
 * How long `make demo` takes with the programs of its cluster in the cache: a cluster of its own is brought up, shown and
 * removed.
 * Usage: node bench/demo/warm.ts
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { run } from '#e2e/run.ts';
import { record } from '../figures.ts';

const root = path.resolve(import.meta.dirname, '../..');
const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-demo-'));
const env = { OUTRIGGER_CLUSTER: path.join(folder, 'cluster'), KUBECONFIG: '' };
const demo = async (command: 'up' | 'down'): Promise<number> => {
  const started = performance.now();
  process.stdout.write(await run(process.execPath, ['demo/main.ts', command], { cwd: root, env }));
  return (performance.now() - started) / 1_000;
};

let up: number;
let down: number;
try {
  up = await demo('up');
} finally {
  down = await demo('down');
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(
  await record('demo', {}, [
    { name: 'make demo, programs cached', value: up, unit: 's', limit: { atMost: 90 } },
    { name: 'make demo-down', value: down, unit: 's' },
  ]),
);
