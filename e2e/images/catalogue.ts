import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { stageProgram } from '../../tools/stage-program.ts';
import { checkout } from '../checkout.ts';
import { run } from '../run.ts';
import type { ImageSource } from './builder.ts';
import { digest } from './digest.ts';

/** The images of the product and of its demo. */
export type ImageName = 'control-plane' | 'components' | 'daprd' | 'redis' | 'shop';

const dist = join(checkout, 'dist');

interface Part {
  dockerfile: string;
  context: string;
  target?: string;
  /** What its tag is the digest of. */
  contents: string[];
}

const bundles = ['root', 'launchers', 'components', 'component-host', 'daprd', 'sentry', 'operator', 'injector'];

/** The product's images share a tag, as a release's do. */
const product = (target: ImageName): Part => ({
  dockerfile: join(checkout, 'Dockerfile'),
  context: checkout,
  target,
  contents: [join(checkout, 'Dockerfile'), ...bundles.map((name) => join(dist, name))],
});

const demo = (name: ImageName, dockerfile: string): Part => {
  const context = join(dist, 'images', name);
  return { dockerfile: join(checkout, dockerfile), context, contents: [context] };
};

const parts: Record<ImageName, Part> = {
  'control-plane': product('control-plane'),
  components: product('components'),
  daprd: product('daprd'),
  redis: demo('redis', 'e2e/images/redis/Dockerfile'),
  shop: demo('shop', 'demo/shop/Dockerfile'),
};

/** Bundles the binaries and lays out every image's files in `dist/`. */
export async function bundle(): Promise<void> {
  for (const tool of ['tools/bundle.ts', 'tools/stage.ts']) await run(process.execPath, [tool], { cwd: checkout });
  await stageRedis();
  await stageShop();
}

/**
 * Every image that can be built, named `<prefix>/<image>:<digest>`: the tag
 * is of what is in it, so that a change reaches every pod by itself.
 */
export async function catalogue(prefix: string): Promise<Record<ImageName, ImageSource>> {
  const sources = Object.entries(parts).map(async ([name, { dockerfile, context, target, contents }]) => {
    const source = { name: `${prefix}/${name}:${await digest(contents)}`, dockerfile, context };
    return [name, target ? { ...source, target } : source] as const;
  });
  return Object.fromEntries(await Promise.all(sources)) as Record<ImageName, ImageSource>;
}

async function stageRedis(): Promise<void> {
  const root = join(dist, 'images/redis');
  await rm(root, { recursive: true, force: true });
  stageProgram(root, '/usr/bin/redis-server', '/usr/bin/redis-server');
  stageProgram(root, '/usr/bin/redis-cli', '/usr/bin/redis-cli');
  await mkdir(join(root, 'data'));
}

async function stageShop(): Promise<void> {
  const root = join(dist, 'images/shop');
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  await run('cp', ['-a', join(dist, 'root'), join(root, 'root')]);
  await build({
    absWorkingDir: checkout,
    entryPoints: { server: 'demo/shop/server.ts' },
    outdir: join(root, 'shop'),
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
}
