/**
 * Measures our sidecar, beside Dapr's where PEER_DAPRD names one, and prints a table; JSON and an HTML report go to
 * bench/results/. With --gate it exits 1 when a ratio is worse than bench/gate.json allows; such a run keeps no files.
 * Usage: node bench/sidecar/main.ts [--rounds=5] [--requests=20000] [--settle=60] [--soak=1000000] [--only=a,b] [--gate]
 */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { run } from '#e2e/run.ts';
import { version } from '#kit/version.ts';
import { measureCeilings } from './ceilings.ts';
import { worseThanGate } from './gate.ts';
import { measureGrowth } from './growth.ts';
import { measureInvocation } from './invocation.ts';
import { measureMemory } from './memory.ts';
import { report } from './report.ts';
import { machine, type Result, type Row } from './result.ts';
import { measureSize } from './size.ts';
import { measureSoak } from './soak.ts';
import { measureStart } from './start.ts';
import { measureState } from './state.ts';
import { ownSubject, peerSubject } from './subject.ts';
import { table } from './table.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    settle: { type: 'string', default: '60' },
    soak: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
    gate: { type: 'boolean', default: false },
  },
});
const options = {
  rounds: Number(values.rounds),
  requests: Number(values.requests),
  settleSeconds: Number(values.settle),
  soakRequests: Number(values.soak),
};
const peer = process.env['PEER_DAPRD'];
const subjects = [ownSubject(), ...(peer ? [peerSubject(peer)] : [])];

const parts: Readonly<Record<string, () => Promise<Row[]>>> = {
  size: async () => measureSize(peer),
  start: () => measureStart(subjects, options),
  ceilings: () => measureCeilings(subjects[0]!, options),
  state: () => measureState(subjects, options),
  memory: () => measureMemory(subjects, options),
  invocation: () => measureInvocation(subjects, options),
  soak: () => measureSoak(subjects, options),
};

const chosen = values.only === '' ? undefined : values.only.split(',');
const isChosen = (name: string): boolean => chosen?.includes(name) ?? true;

const rows: Row[] = [];
for (const [name, part] of Object.entries(parts)) {
  if (!isChosen(name)) continue;
  process.stderr.write(`bench: ${name} …\n`);
  rows.push(...(await part()));
}
if (isChosen('growth')) process.stderr.write('bench: growth …\n');
const curves = isChosen('growth') ? await measureGrowth(subjects, options) : [];
const versions: Record<string, string> = {
  outrigger: `${version} ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()}`,
  node: process.version,
  h2load: (await run('h2load', ['--version'])).trim(),
  ...(peer ? { daprd: (await run(peer, ['--version'])).trim() } : {}),
};
const result: Result = { at: new Date().toISOString(), machine: machine(versions), options, rows, curves };
process.stdout.write(`${table(result)}\n`);
if (values.gate) {
  const worse = worseThanGate(rows);
  for (const line of worse) process.stderr.write(`bench: ${line}\n`);
  process.exitCode = worse.length > 0 ? 1 : 0;
} else {
  const folder = join(import.meta.dirname, '..', 'results');
  await mkdir(folder, { recursive: true });
  const base = join(folder, `${result.at.slice(0, 10)}-sidecar${chosen === undefined ? '' : `-${chosen.join('-')}`}`);
  await writeFile(`${base}.json`, `${JSON.stringify(result, undefined, 1)}\n`);
  await writeFile(`${base}.html`, report(result));
  await writeFile(`${base}.md`, `${table(result)}\n`);
  process.stdout.write(`\n${base}.{json,html,md}\n`);
}
