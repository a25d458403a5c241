import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { goBuild } from '../go-build.ts';
import { locked } from '../lock.ts';
import { type Progress, silent } from '../progress.ts';

/** A Go program that the test bed builds for itself from the Go module proxy. */
interface Program {
  /** The folder under `build/` whose go.mod fixes its version. */
  name: string;
  /** The module whose version is the program's. */
  module?: string;
  /** What is built, as `go build` names it. */
  package: string;
  /** The names it is called by. */
  commands: string[];
  ldflags?: string;
  env?: Record<string, string>;
  /** What a cold build costs on two cores, for whoever waits. */
  cold: string;
}

const programs = {
  kubernetes: {
    name: 'kubernetes',
    module: 'k8s.io/kubernetes',
    package: '.',
    commands: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy', 'kubelet', 'kubectl'],
    ldflags: '-X k8s.io/component-base/version.gitVersion=VERSION',
    cold: '5 min',
  },
  helm: {
    name: 'helm',
    module: 'helm.sh/helm/v3',
    package: 'helm.sh/helm/v3/cmd/helm',
    commands: ['helm'],
    cold: '1 min',
  },
  coredns: {
    name: 'coredns',
    module: 'github.com/coredns/coredns',
    package: 'github.com/coredns/coredns',
    commands: ['coredns'],
    env: { CGO_ENABLED: '0' },
    cold: '2 min',
  },
  pause: {
    name: 'pause',
    package: '.',
    commands: ['pause'],
    env: { CGO_ENABLED: '0' },
    cold: 'a second',
  },
} satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

const sources = join(import.meta.dirname, 'build');

/**
 * The folder that holds a program's commands, built on first need and kept in
 * the cache by version. Safe to call from several processes at once.
 */
export async function binaries(name: ProgramName, progress: Progress = silent): Promise<string> {
  const program: Program = programs[name];
  const version = await versionOf(program);
  const folder = await folderOf(program, version);
  if (await exists(folder)) return folder;
  return progress.step(`build ${program.name} ${version} (once, about ${program.cold})`, () =>
    locked(folder, async () => {
      if (!(await exists(folder))) await build(program, version, folder);
      return folder;
    }),
  );
}

/** True when the cache has a program of the version that is wanted. */
export async function isBuilt(name: ProgramName): Promise<boolean> {
  const program: Program = programs[name];
  return exists(await folderOf(program, await versionOf(program)));
}

const folderOf = async (program: Program, version: string): Promise<string> =>
  cacheFolder(`${program.name}-${version.replace(/^v/, '')}-${await digestOf(program)}`);

async function build(program: Program, version: string, folder: string): Promise<void> {
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true });
  await compile(program, version, join(draft, program.name));
  for (const command of program.commands) {
    if (command !== program.name) await symlink(program.name, join(draft, command));
  }
  await rename(draft, folder);
}

function compile(program: Program, version: string, output: string): Promise<void> {
  const ldflags = `-s -w ${program.ldflags ?? ''}`.replace('VERSION', version).trim();
  const settings = { ldflags, ...(program.env ? { env: program.env } : {}) };
  return goBuild(join(sources, program.name), output, program.package, settings);
}

async function versionOf(program: Program): Promise<string> {
  if (!program.module) return '1';
  const file = join(sources, program.name, 'go.mod');
  const text = await readFile(file, 'utf8');
  const found = new RegExp(`^(?:require )?\\s*${program.module} (v\\S+)`, 'm').exec(text);
  if (!found?.[1]) throw new Error(`${file} requires no ${program.module}`);
  return found[1];
}

/** Tells builds of one version apart, as what we wrote around the program may change. */
async function digestOf(program: Program): Promise<string> {
  const folder = join(sources, program.name);
  const hash = createHash('sha256').update(JSON.stringify(program));
  for (const name of (await readdir(folder)).sort()) hash.update(await readFile(join(folder, name)));
  return hash.digest('hex').slice(0, 6);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
