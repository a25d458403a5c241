import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type BuildOptions, build, transform } from 'esbuild';
import { deferredModules } from './deferred-modules.ts';
import { stripCodeCache } from './strip-code-cache.ts';

export type Snapshot = {
  name: string;
  /** The program's main. */
  source: string;
  /** Modules that it imports lazily, but that nearly every run wants. */
  early?: readonly string[];
  /** A module whose `rehearse` runs what a start runs: what it calls need not be compiled by processes. */
  rehearsal?: string;
  outdir: string;
  /** How every bundle is made. */
  shared: BuildOptions;
};

/**
 * Bundles a program into `outdir` as `<name>.blob`, a snapshot of Node with everything loaded that the program's main
 * imports, and the chunks that it imports later. `node --snapshot-blob=<outdir>/<name>.blob <any word> <arguments>`
 * runs it; the Node must be the one that runs this. Why: docs/adr/0110.
 */
export async function buildSnapshot({ name, source, early = [], rehearsal, outdir, shared }: Snapshot): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const { outputFiles = [] } = await build({
    ...shared,
    stdin: {
      contents: preload(source, early, rehearsal),
      resolveDir: path.dirname(source),
      sourcefile: 'preload.ts',
      loader: 'ts',
    },
    entryNames: 'preload',
    outdir,
    define: { 'import.meta.dirname': '__bundle.folder', 'import.meta.url': '__bundle.url' },
    plugins: [...(shared.plugins ?? []), deferredModules],
    write: false,
  });
  for (const { path: file, text } of outputFiles) {
    writeFileSync(file.replace(/\.mjs$/, '.cjs'), await commonJs(text));
  }
  const entry = path.join(outdir, 'entry.cjs');
  copyFileSync(path.join(import.meta.dirname, 'entry.cjs'), entry);
  const config = path.join(outdir, 'snapshot.json');
  // Its `withoutCodeCache` would take the program's own compiled functions as well.
  writeFileSync(config, JSON.stringify({ builder: entry }));
  const blob = path.join(outdir, `${name}.blob`);
  const flags = ['--no-warnings', '--snapshot-blob', blob, '--build-snapshot-config', config];
  await promisify(execFile)(process.execPath, flags, { timeout: buildTimeoutMs });
  writeFileSync(blob, stripCodeCache(readFileSync(blob)));
  for (const file of [config, entry]) rmSync(file);
}

const buildTimeoutMs = 120_000;

/** Imports all that the program's main does, and the main itself only when called. */
function preload(source: string, early: readonly string[], rehearsal: string | undefined): string {
  const imported = [...readFileSync(source, 'utf8').matchAll(/ from '([.#][^']+)'/g)].map(([, module]) => module);
  const lines = [...imported, ...early].map((module) => `import '${module}';`);
  if (rehearsal !== undefined) lines.push(`export { rehearse } from '${rehearsal}';`);
  return [...lines, `export const main = () => import('./${path.basename(source)}');`].join('\n');
}

/** What a snapshot is built from cannot be ES modules. */
async function commonJs(module: string): Promise<string> {
  const { code } = await transform(module, {
    format: 'cjs',
    platform: 'node',
    target: 'node26',
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
  });
  return code.replaceAll('.mjs"', '.cjs"');
}
