/**
 * Bundles each binary into `dist/<binary>/`, what images are made of: `start.cjs` is what Node is given. A module that
 * is imported lazily stays a file of its own, so a component's library is read on first use there too.
 * Usage: node tools/bundle.ts
 */
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { bakeCompiled } from './bake-compiled.ts';
import { inlineWasm } from './inline-wasm.ts';
import { lazyCommonJs } from './lazy-commonjs.ts';
import { ownModulesByRequire } from './own-modules-by-require.ts';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** The source of every binary, by the name it has in an image. */
const binaries: Readonly<Record<string, string>> = {
  daprd: 'runtime/main.ts',
  'component-host': 'components/host/main.ts',
  sentry: 'sentry/main.ts',
  operator: 'operator/main.ts',
  injector: 'injector/main.ts',
};

// CommonJS libraries inside an ES module still call require for Node's own modules.
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

async function bundle(name: string, source: string): Promise<void> {
  const outdir = path.join(dist, name);
  rmSync(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: source },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    mainFields: ['module', 'main'],
    conditions: ['module'],
    outExtension: { '.js': '.mjs' },
    banner: { js: banner },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
    plugins: [lazyCommonJs, ownModulesByRequire, inlineWasm],
    metafile: true,
  });
  writeStart(outdir, name);
  await bakeCompiled(outdir, name);
  const files = Object.values(metafile.outputs);
  const kilobytes = files.reduce((sum, file) => sum + file.bytes, 0) / 1024;
  process.stdout.write(`bundle: ${name}: ${files.length} files, ${kilobytes.toFixed(0)} KiB\n`);
}

/** What Node runs: the launchers' preloads, then the bundle. */
function writeStart(outdir: string, name: string): void {
  const preloads = ['early-signals.cjs', 'compile-cache.cjs'];
  for (const preload of preloads) copyFileSync(path.join(root, 'bin', preload), path.join(outdir, preload));
  // Not one of the flags that NODE_OPTIONS may hold. Before the cache opens, which is of the flags it was made under.
  const flags = name === 'daprd' ? "require('node:v8').setFlagsFromString('--heap-growing-percent=20');\n" : '';
  const lines = preloads.map((preload) => `require('./${preload}');\n`).join('');
  writeFileSync(path.join(outdir, 'start.cjs'), `${flags}${lines}import('./main.mjs');\n`);
}

for (const [name, source] of Object.entries(binaries)) {
  if (existsSync(path.join(root, source))) await bundle(name, source);
  else process.stdout.write(`bundle: ${name}: ${source} is not there yet\n`);
}
