/**
 * Bundles each binary into `dist/<binary>/`, what images are made of. A module that is imported lazily stays a file of
 * its own, so a component's library is read on first use there too. The sidecar, which starts with every pod, is a
 * snapshot (tools/snapshot); of the others Node is given `start.cjs`.
 * Usage: node tools/bundle.ts
 */
import { copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { type BuildOptions, build } from 'esbuild';
import { bakeCompiled } from './bake-compiled.ts';
import { inlineWasm } from './inline-wasm.ts';
import { lazyCommonJs } from './lazy-commonjs.ts';
import { nodeModulesDirect } from './node-modules-direct.ts';
import { buildSnapshot } from './snapshot/build.ts';
import { zodInEnglish } from './zod-in-english.ts';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** The source of every binary that runs from modules, by the name it has in an image. */
const binaries: Readonly<Record<string, string>> = {
  'component-host': 'components/host/main.ts',
  sentry: 'sentry/main.ts',
  operator: 'operator/main.ts',
  injector: 'injector/main.ts',
};

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  mainFields: ['module', 'main'],
  conditions: ['module'],
  outExtension: { '.js': '.mjs' },
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
};

// CommonJS libraries inside an ES module still call require for Node's own modules.
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function bundle(source: string, outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  const plugins = [lazyCommonJs, inlineWasm, zodInEnglish, nodeModulesDirect];
  await build({ ...shared, entryPoints: { main: source }, outdir, banner: { js: banner }, plugins });
  writeStart(outdir);
  await bakeCompiled(outdir);
}

/** What Node runs: the launchers' preloads, then the bundle. */
function writeStart(outdir: string): void {
  const preloads = ['early-signals.cjs', 'compile-cache.cjs'];
  for (const preload of preloads) copyFileSync(path.join(root, 'bin', preload), path.join(outdir, preload));
  const lines = preloads.map((preload) => `require('./${preload}');\n`).join('');
  writeFileSync(path.join(outdir, 'start.cjs'), `${lines}import('./main.mjs');\n`);
}

function tell(name: string, outdir: string): void {
  const files = readdirSync(outdir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
  process.stdout.write(`bundle: ${name}: ${files.length} files, ${(bytes / 1024).toFixed(0)} KiB\n`);
}

const sidecar = path.join(dist, 'daprd');
await buildSnapshot({
  name: 'daprd',
  source: path.join(root, 'runtime/main.ts'),
  rehearsal: './rehearsal.ts',
  early: ['#kit/grpc/reflection.ts', '#kit/telemetry/tracing/otlp.ts', '#components/nameresolution/mdns.ts'],
  outdir: sidecar,
  shared: { ...shared, plugins: [lazyCommonJs, inlineWasm, zodInEnglish] },
});
tell('daprd', sidecar);
for (const [name, source] of Object.entries(binaries)) {
  const outdir = path.join(dist, name);
  await bundle(source, outdir);
  tell(name, outdir);
}
