import { mkdir, rm } from 'node:fs/promises';
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

/** Builds images without pulling anything: with docker where its daemon answers, else with buildah. */
export interface Builder {
  readonly tool: 'docker' | 'buildah';
  /** Builds an image and writes it as an archive that containerd imports. */
  archive(source: ImageSource, file: string): Promise<void>;
  /** Builds an image and pushes it under its name, whose registry has to be one this machine is logged in to. */
  push(source: ImageSource): Promise<void>;
}

/** Picks the tool there is. */
export async function imageBuilder(): Promise<Builder> {
  const hasDocker = await run('docker', ['info']).then(
    () => true,
    () => false,
  );
  return hasDocker ? docker : buildah();
}

const docker: Builder = {
  tool: 'docker',
  async archive(source, file) {
    await run('docker', ['build', ...buildArguments(source)]);
    await run('docker', ['save', '--output', file, source.name]);
  },
  async push(source) {
    await run('docker', ['build', ...buildArguments(source)]);
    await run('docker', ['push', source.name]);
  },
};

/** buildah with a store of its own, which needs no daemon, no overlay and no user namespace. */
function buildah(): Builder {
  const store = cacheFolder('buildah');
  const global = ['--storage-driver', 'vfs', '--root', join(store, 'root'), '--runroot', join(store, 'run')];
  const build = async (source: ImageSource): Promise<void> => {
    await mkdir(store, { recursive: true });
    await run('buildah', [...global, 'bud', '--isolation', 'chroot', '--layers', ...buildArguments(source)]);
  };
  return {
    tool: 'buildah',
    async archive(source, file) {
      await build(source);
      await rm(file, { force: true });
      await run('buildah', [...global, 'push', '--quiet', source.name, `oci-archive:${file}:${source.name}`]);
      await run('buildah', [...global, 'rmi', '--force', source.name]);
    },
    async push(source) {
      await build(source);
      await run('buildah', [...global, 'push', '--quiet', source.name, `docker://${source.name}`]);
    },
  };
}

const buildArguments = ({ name, context, dockerfile, target }: ImageSource): string[] => [
  ...(target ? ['--target', target] : []),
  '--file',
  dockerfile,
  '--tag',
  name,
  context,
];
