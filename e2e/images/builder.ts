import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { run } from '../run.ts';

/** What a Dockerfile is built from. */
export interface ImageSource {
  /** Fully qualified, as in `docker.io/outrigger/daprd:1`. */
  name: string;
  /** The folder whose files the Dockerfile copies. */
  context: string;
  dockerfile: string;
  /** The stage to build; the last one unless told. */
  target?: string;
}

/** Which tool to take, in place of the one that is found. */
export interface Tool {
  tool?: Builder['tool'];
  env?: Record<string, string>;
}

/** Builds images without pulling anything: with docker where its daemon answers, else with buildah. */
export interface Builder extends AsyncDisposable {
  readonly tool: 'docker' | 'buildah';
  /** Builds an image and writes it as an archive that containerd imports. */
  archive(source: ImageSource, file: string): Promise<void>;
  /** Builds an image and pushes it under its name, whose registry has to be one this machine is logged in to. */
  push(source: ImageSource): Promise<void>;
}

/** Picks the tool there is, or the one named; `env` is what it gets beside the variables of this process. */
export async function imageBuilder({ tool, env = {} }: Tool = {}): Promise<Builder> {
  if (tool) return tool === 'docker' ? docker(env) : buildah(env);
  const hasDocker = await run('docker', ['info'], { env }).then(
    () => true,
    () => false,
  );
  return hasDocker ? docker(env) : buildah(env);
}

function docker(env: Record<string, string>): Builder {
  const call = (...args: string[]): Promise<string> => run('docker', args, { env });
  return {
    tool: 'docker',
    async archive(source, file) {
      await call('build', ...buildArguments(source));
      await call('save', '--output', file, source.name);
    },
    async push(source) {
      await call('build', ...buildArguments(source));
      await call('push', source.name);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/**
 * buildah with a store of its own, without a daemon or a user namespace. Layers are shared while it is open and
 * deleted with it; its overlay store is ten times smaller and twice as fast as vfs, which works everywhere.
 */
async function buildah(env: Record<string, string>): Promise<Builder> {
  const storage = (driver: string): string[] => {
    const store = cacheFolder('buildah', driver);
    return ['--storage-driver', driver, '--root', join(store, 'root'), '--runroot', join(store, 'run')];
  };
  const overlay = storage('overlay');
  const global = await run('buildah', [...overlay, 'info'], { env }).then(
    () => overlay,
    () => storage('vfs'),
  );
  const call = (...args: string[]): Promise<string> => run('buildah', [...global, ...args], { env });
  const build = (source: ImageSource): Promise<string> =>
    call('bud', '--isolation', 'chroot', '--layers', ...buildArguments(source));
  const push = (source: ImageSource, target: string, ...options: string[]): Promise<string> =>
    call('push', '--quiet', ...options, source.name, target);
  return {
    tool: 'buildah',
    async archive(source, file) {
      await build(source);
      await rm(file, { force: true });
      await push(source, `oci-archive:${file}:${source.name}`, '--disable-compression');
    },
    async push(source) {
      await build(source);
      await push(source, `docker://${source.name}`, `--tls-verify=${!isLoopback(source.name)}`);
    },
    async [Symbol.asyncDispose]() {
      await call('rmi', '--all', '--force');
    },
  };
}

/** A registry on this machine itself may speak plain HTTP, as docker has it. */
const isLoopback = (image: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])[:/]/.test(image);

const buildArguments = ({ name, context, dockerfile, target }: ImageSource): string[] => [
  ...(target ? ['--target', target] : []),
  '--file',
  dockerfile,
  '--tag',
  name,
  context,
];
