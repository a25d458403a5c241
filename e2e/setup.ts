/**
 * Installs the Debian packages that the tests and the demo need, those that
 * are missing only, and none of their services: everything runs on the
 * project's own ports and folders.
 * Usage: node e2e/setup.ts [cluster]   (cluster: only what the cluster and the demo need)
 */
import { access, constants, glob, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { progress } from './progress.ts';
import { run } from './run.ts';

/** What is needed, and the Debian package that brings it: a command, a file, a pattern of files, or a command line that must do. */
type Needs = Readonly<Record<string, string>>;

/** Of the cluster and the demo on it. */
const cluster: Needs = {
  ip: 'iproute2',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  iptables: 'iptables',
  conntrack: 'conntrack',
  socat: 'socat',
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  '/usr/lib/cni/bridge': 'containernetworking-plugins',
  etcd: 'etcd-server',
  'redis-server': 'redis-server',
  buildah: 'buildah',
};

/** Of the tests beside them: brokers, databases, the SDKs' languages, and the docker that some users build images with. */
const tests: Needs = {
  docker: 'docker.io',
  dockerd: 'docker.io',
  'docker-registry': 'docker-registry',
  h2load: 'nghttp2-client',
  '/usr/lib/postgresql/*/bin/postgres': 'postgresql',
  'nats-server': 'nats-server',
  java: 'default-jre-headless',
  'python3 -m ensurepip --version': 'python3-venv',
  mvn: 'maven',
  '/usr/lib/rabbitmq/bin/rabbitmq-server': 'rabbitmq-server',
};

/** A mirror may fail once, and another package manager may be at work on a new machine. */
const patient = ['-o', 'Acquire::Retries=5', '-o', 'DPkg::Lock::Timeout=600'];

const policy = '/usr/sbin/policy-rc.d';

async function main(): Promise<void> {
  await checkGo();
  const needs = process.argv[2] === 'cluster' ? cluster : { ...cluster, ...tests };
  const packages = await missing(needs);
  if (packages.length > 0) await install(packages);
  const still = await missing(needs);
  if (still.length > 0) throw new Error(`these packages did not bring what they should: ${still.join(', ')}`);
}

/** Go is no Debian package of ours: bookworm's is too old to read today's modules. */
async function checkGo(): Promise<void> {
  const next = 'install 1.24 or later from https://go.dev/dl/ and put it on the PATH';
  if (!(await found('go'))) throw new Error(`Go is missing: ${next}`);
  const version = await run('go', ['env', 'GOVERSION']);
  const [, minor] = /^go1\.(\d+)/.exec(version) ?? [];
  if (minor !== undefined && Number(minor) < 24) throw new Error(`${version.trim()} is too old: ${next}`);
}

async function missing(needs: Needs): Promise<string[]> {
  const packages = new Set<string>();
  for (const [need, name] of Object.entries(needs)) {
    if (!(await found(need))) packages.add(name);
  }
  return [...packages];
}

async function install(packages: string[]): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!(await found('apt-get'))) throw new Error(`this machine has no apt-get; install: ${packages.join(' ')}`);
  if (process.getuid?.() !== 0) throw new Error(`not root, so nothing was installed; run: sudo ${command}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]): Promise<string> => run('apt-get', [...patient, ...args], { env });
  const [, ...args] = command.split(' ');
  await progress(process.stdout).step(`install ${packages.length} Debian packages: ${packages.join(' ')}`, () =>
    withoutServices(async () => {
      await apt(...args).catch(async () => {
        await apt('update');
        await apt(...args);
      });
    }),
  );
}

/** Debian starts a service it installs unless this file tells it not to. */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  const mine = !(await exists(policy));
  if (mine) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (mine) await rm(policy, { force: true });
  }
}

async function found(need: string): Promise<boolean> {
  if (need.startsWith('/')) return (await Array.fromAsync(glob(need))).length > 0;
  const [program = '', ...args] = need.split(' ');
  if (args.length > 0) return run(program, args).then(yes, no);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const places = await Promise.all(folders.map((folder) => exists(join(folder, need))));
  return places.includes(true);
}

const yes = () => true;
const no = () => false;
const exists = (path: string): Promise<boolean> => access(path, constants.F_OK).then(yes, no);

await main().catch((error: unknown) => {
  process.stderr.write(`setup: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
