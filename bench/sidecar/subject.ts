import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import { imageEnvironment } from '../../tools/image-environment.ts';
import { onServerCore } from './cores.ts';

/** A program under measurement. */
export type Subject = { name: string; command: string; args: readonly string[]; env?: Record<string, string> };

export type Sidecar = AsyncDisposable & {
  pid: number;
  http: string;
  grpc: string;
  /** URL of its metrics. */
  metrics: string;
  /** From starting the process to `/v1.0/healthz/outbound` answering 204. */
  startMs: number;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
};

const root = join(import.meta.dirname, '..', '..');

/** Our runtime as images start it: the bundle, in the environment of the Dockerfile. */
export function ownSubject(): Subject {
  const command = join(root, 'node_modules/node/bin/node');
  const args = [`--snapshot-blob=${join(root, 'dist/daprd/daprd.blob')}`, 'daprd'];
  return { name: 'outrigger', command, args, env: imageEnvironment() };
}

/** Dapr's daprd, where one is named. */
export const peerSubject = (path: string): Subject => ({ name: 'daprd', command: path, args: [] });

const store = (name: string) => `apiVersion: dapr.io/v1alpha1
kind: Component
metadata: { name: ${name} }
spec: { type: state.in-memory, version: v1, metadata: [] }
`;

export type SidecarOptions = {
  appId?: string;
  /** Where its app listens, which speaks HTTP. */
  appPort?: number;
  /** State stores: `store`, `store1` and so on. Default 1. */
  stores?: number;
  /** Manifests beside the stores, one a file. */
  manifests?: readonly string[];
  /** Further flags and environment, such as those of an identity. */
  flags?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  /** Keeps it on one core, apart from the load (`cores.ts`). Default true. */
  pinned?: boolean;
};

/** Starts a sidecar with in-memory state stores, on loopback. */
export async function startSidecar(subject: Subject, options: SidecarOptions = {}): Promise<Sidecar> {
  const { appId = 'bench', appPort, stores = 1, manifests = [], pinned = true } = options;
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-bench-'));
  const components = Array.from({ length: stores }, (_, i) => store(i === 0 ? 'store' : `store${i}`));
  for (const [i, text] of [...components, ...manifests].entries()) await writeFile(join(folder, `${i}.yaml`), text);
  const [http, grpc, internal, metrics, profile] = await freePorts(5);
  const flags = {
    'app-id': appId,
    'dapr-http-port': http,
    'dapr-grpc-port': grpc,
    'dapr-internal-grpc-port': internal,
    'metrics-port': metrics,
    'profile-port': profile,
    'dapr-listen-addresses': '127.0.0.1',
    'resources-path': folder,
    'log-level': 'error',
    ...(appPort === undefined ? {} : { 'app-port': appPort }),
    ...options.flags,
  };
  const args = [...subject.args, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
  const log = join(folder, 'log');
  const began = performance.now();
  const [command, ...words] = pinned ? onServerCore([subject.command, ...args]) : [subject.command, ...args];
  const process = start(subject.name, command!, words, { log, env: { ...subject.env, ...options.env } });
  // With an app, ready is when its subscriptions are there: what is published before may have no queue yet.
  const page = appPort === undefined ? 'healthz/outbound' : 'healthz';
  await healthy(`http://127.0.0.1:${http}/v1.0/${page}`, process, log);
  return {
    pid: process.pid,
    http: `127.0.0.1:${http}`,
    grpc: `127.0.0.1:${grpc}`,
    metrics: `http://127.0.0.1:${metrics}/metrics`,
    startMs: performance.now() - began,
    kill: () => process.kill(),
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const patienceMs = 120_000;

async function healthy(url: string, process: Process, log: string): Promise<void> {
  const began = performance.now();
  for (let waited = 0; waited < patienceMs && process.alive(); waited = performance.now() - began) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 204) return;
    // Often at first, as the time is measured; a slow machine's time is left to the sidecar.
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, waited / 100)));
  }
  await process[Symbol.asyncDispose]();
  throw new Error(
    `${process.name} did not become healthy; its log ends with:\n${readFileSync(log, 'utf8').slice(-2_000)}`,
  );
}
