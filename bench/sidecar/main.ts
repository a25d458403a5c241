/**
 * Measures our sidecar, beside Dapr's where PEER_DAPRD names one, and prints a table; JSON and an HTML report go to
 * bench/results/. Exits 1 when a bound on a ratio is missed and --gate is given.
 * Usage: node bench/sidecar/main.ts [--rounds=5] [--requests=20000] [--settle=60] [--only=text] [--gate]
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { run } from '#e2e/run.ts';
import { version } from '#kit/version.ts';
import { measureCeilings } from './ceilings.ts';
import { measureInvocation } from './invocation.ts';
import { measureMemory } from './memory.ts';
import { report } from './report.ts';
import { keeps, machine, type Result, type Row } from './result.ts';
import { measureStart } from './start.ts';
import { measureState } from './state.ts';
import { ownSubject, peerSubject } from './subject.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    settle: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    gate: { type: 'boolean', default: false },
  },
});
const options = {
  rounds: Number(values.rounds),
  requests: Number(values.requests),
  settleSeconds: Number(values.settle),
};
const peer = process.env['PEER_DAPRD'];
const subjects = [ownSubject(), ...(peer ? [peerSubject(peer)] : [])];

const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  start: () => measureStart(subjects, options),
  ceilings: () => measureCeilings(options),
  state: () => measureState(subjects, options),
  memory: () => measureMemory(subjects, options),
  invocation: () => measureInvocation(subjects, options),
};

const rows: Row[] = [];
for (const [name, part] of Object.entries(parts)) {
  if (!name.includes(values.only)) continue;
  process.stderr.write(`bench: ${name} …\n`);
  rows.push(...(await part()));
}
const versions: Record<string, string> = {
  outrigger: `${version} ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}`,
  node: process.version,
  h2load: (await run('h2load', ['--version'])).trim(),
  ...(peer ? { daprd: (await run(peer, ['--version'])).trim() } : {}),
};
const result: Result = { at: new Date().toISOString(), machine: machine(versions), options, rows };
const folder = join(import.meta.dirname, '..', 'results');
await mkdir(folder, { recursive: true });
const base = join(folder, `sidecar-${result.at.slice(0, 16).replaceAll(':', '')}`);
await writeFile(`${base}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
await writeFile(`${base}.html`, report(result));
process.stdout.write(`${table(result)}\n\n${base}.{json,html}\n`);
if (values.gate && rows.some((row) => keeps(row) === false)) process.exitCode = 1;
