/**
 * Fails on an import that the layout forbids, or on a cycle between source files.
 * Usage: node tools/arrows.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { findCycle } from './cycle.ts';

const root = path.resolve(import.meta.dirname, '..');

/** Which top folders a top folder may import. `*` is anything; proto is the generated wire types. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  proto: [],
  kit: ['proto'],
  crds: ['kit', 'proto'],
  contracts: ['kit', 'proto'],
  components: ['contracts', 'kit', 'proto'],
  runtime: ['components/index.ts', 'contracts', 'crds', 'kit', 'proto'],
  operator: ['components/index.ts', 'contracts', 'crds', 'kit', 'proto'],
  injector: ['crds', 'kit', 'proto'],
  sentry: ['crds', 'kit', 'proto'],
  placement: ['crds', 'kit', 'proto'],
  scheduler: ['crds', 'kit', 'proto'],
  sdk: ['contracts', 'kit', 'proto'],
  cli: ['components/index.ts', 'contracts', 'crds', 'kit', 'proto'],
};

/** Tests may start real servers through the end-to-end fixtures. */
const testsMayAlso = ['kit', 'e2e', 'contracts', 'crds', 'components'];

const statement = /^\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]/gm;
const dynamic = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function sources(): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|dist|gen)\//.test(file));
}

function target(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1).replace(/^proto\//, 'proto/gen/');
  if (specifier.startsWith('.')) return path.join(path.dirname(from), specifier);
  return undefined;
}

function importsOf(file: string): { eager: string[]; all: string[] } {
  const text = readFileSync(path.join(root, file), 'utf8');
  const pick = (pattern: RegExp) =>
    [...text.matchAll(pattern)].map((match) => target(file, match[1]!)).filter((to) => to !== undefined);
  const eager = pick(statement);
  return { eager, all: [...eager, ...pick(dynamic)] };
}

function mayImport(file: string, to: string): boolean {
  const [own, other] = [file.split('/')[0]!, to.split('/')[0]!];
  const rules = allowed[own];
  if (rules === undefined || own === other || to === 'package.json') return true;
  const isTest = file.endsWith('.test.ts') || file.includes('/conformance/') || file.includes('/testing/');
  return rules.some((rule) => rule === other || to === rule) || (isTest && testsMayAlso.includes(other));
}

const files = sources();
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const wrong = files.flatMap((file) =>
  graph
    .get(file)!
    .all.filter((to) => !mayImport(file, to))
    .map((to) => `${file} must not import ${to}`),
);
const cycle = findCycle(new Map(files.map((file) => [file, graph.get(file)!.eager.filter((to) => graph.has(to))])));
if (cycle) wrong.push(`import cycle: ${cycle.join(' → ')}`);
for (const line of wrong) process.stderr.write(`arrows: ${line}\n`);
process.stdout.write(`arrows: ${files.length} files, ${wrong.length} wrong\n`);
process.exitCode = wrong.length > 0 ? 1 : 0;
