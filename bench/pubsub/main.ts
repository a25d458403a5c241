/**
 * Measures publishing and delivering on each broker, beside Dapr's daprd where PEER_DAPRD names one, and prints a table;
 * JSON, the table and an HTML report go to bench/results/. Exits 1 when a bound is missed and --gate is given.
 * Usage: node bench/pubsub/main.ts [--rounds=5] [--messages=10000] [--seconds=5] [--only=broker] [--gate]
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { run } from '#e2e/run.ts';
import { version } from '#kit/version.ts';
import { report } from '../sidecar/report.ts';
import { keeps, machine, type Result, type Row } from '../sidecar/result.ts';
import { ownSubject, peerSubject } from '../sidecar/subject.ts';
import { table } from '../sidecar/table.ts';
import { brokerNamed, brokers } from './brokers.ts';
import { measureDelivery } from './delivery.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    gate: { type: 'boolean', default: false },
  },
});
const options = { rounds: Number(values.rounds), messages: Number(values.messages), seconds: Number(values.seconds) };
const peer = process.env['PEER_DAPRD'];
const subjects = [ownSubject(), ...(peer ? [peerSubject(peer)] : [])];
const names = values.only === undefined ? Object.keys(brokers) : values.only.split(',');

const rows: Row[] = [];
for (const name of names.map(brokerNamed)) {
  process.stderr.write(`bench: ${name} …\n`);
  rows.push(...(await measureDelivery(name, subjects, options)));
}
const versions: Record<string, string> = {
  outrigger: `${version} ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}`,
  node: process.version,
  ...(peer ? { daprd: (await run(peer, ['--version'])).trim() } : {}),
};
const result: Result = { at: new Date().toISOString(), machine: machine(versions), options, rows, curves: [] };
const folder = join(import.meta.dirname, '..', 'results');
await mkdir(folder, { recursive: true });
const part = values.only === undefined ? '' : `-${names.join('-')}`;
const base = join(folder, `${result.at.slice(0, 10)}-pubsub${part}`);
await writeFile(`${base}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
await writeFile(`${base}.html`, report(result));
await writeFile(`${base}.md`, `${table(result)}\n`);
process.stdout.write(`${table(result)}\n\n${base}.{json,html,md}\n`);
if (values.gate && rows.some((one) => keeps(one) === false)) process.exitCode = 1;
