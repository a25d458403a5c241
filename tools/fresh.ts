/**
 * Runs every generator and fails when one of its checked-in outputs was stale. The fresh output is left in place.
 * Usage: node tools/fresh.ts
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = path.resolve(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** A generator is an npm script `gen:<name>`; its outputs are listed here. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  'gen:proto': ['proto/gen'],
  'gen:components': ['components/index.ts', 'docs/components'],
  'gen:annotations': ['docs/annotations.md'],
  'gen:dashboards': ['charts/outrigger/files/dashboards'],
  'gen:crds': ['charts/outrigger/crds', 'docs/kinds'],
  'gen:flags': ['docs/flags'],
  'gen:licences': ['docs/dependencies.md'],
};

function snapshot(place: string): Map<string, string> {
  const full = path.join(root, place);
  if (!existsSync(full)) return new Map();
  const names =
    path.extname(place) !== ''
      ? ['']
      : readdirSync(full, { recursive: true, withFileTypes: true })
          .filter((e) => e.isFile())
          .map((e) => path.relative(full, path.join(e.parentPath, e.name)));
  return new Map(names.map((name) => [path.join(place, name), readFileSync(path.join(full, name), 'utf8')]));
}

const stale: string[] = [];
for (const [script, places] of Object.entries(outputs)) {
  if (!(script in scripts)) continue;
  const before = new Map(places.flatMap((place) => [...snapshot(place)]));
  const run = spawnSync('npm', ['run', '--silent', script], { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) stale.push(`${script} failed:\n${run.stderr}${run.stdout}`);
  const after = new Map(places.flatMap((place) => [...snapshot(place)]));
  for (const file of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(file) !== after.get(file)) stale.push(`${file} was stale: commit what 'npm run ${script}' writes`);
  }
}
for (const line of stale) process.stderr.write(`fresh: ${line}\n`);
process.stdout.write(`fresh: ${stale.length} stale\n`);
process.exitCode = stale.length > 0 ? 1 : 0;
