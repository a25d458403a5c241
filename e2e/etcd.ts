import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdArguments } from './cluster/arguments.ts';
import type { Authority } from './cluster/authority.ts';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';
import { ready } from './ready.ts';

/** A real etcd of one member, of the test's own. */
export interface Etcd extends AsyncDisposable {
  readonly port: number;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Lets it hang, by SIGSTOP, until it may go on. */
  halt(): Promise<void>;
  goOn(): Promise<void>;
  /** Starts it again on the same port, with its data. */
  restart(): Promise<void>;
  /** Starts it again with a certificate of this authority, whose certificates clients need from now on. */
  trust(authority: Authority): Promise<void>;
}

/** Starts etcd on free ports of 127.0.0.1. */
export async function startEtcd(): Promise<Etcd> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-etcd-'));
  const [port = 0, peer = 0, health = 0] = await freePorts(3);
  const ports = { port, peer, health };
  let tls: string[] = [];
  let server = await startServer(folder, ports, tls);
  return {
    port,
    kill: () => server.kill(),
    halt: () => server.halt(),
    goOn: () => server.goOn(),
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, ports, tls);
    },
    async trust(authority) {
      const { cert, key } = await authority.issue('etcd', { user: 'etcd', hosts: ['127.0.0.1'] });
      const files = [`--cert-file=${cert}`, `--key-file=${key}`, `--trusted-ca-file=${authority.ca}`];
      tls = ['--client-cert-auth', ...files];
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, ports, tls);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type Ports = { port: number; peer: number; health: number };

async function startServer(folder: string, { port, peer, health }: Ports, tls: readonly string[]): Promise<Process> {
  const log = join(folder, 'etcd.log');
  const args = etcdArguments({
    data: join(folder, 'data'),
    clientUrl: `${tls.length > 0 ? 'https' : 'http'}://127.0.0.1:${port}`,
    peerUrl: `http://127.0.0.1:${peer}`,
  });
  const watched = `--listen-metrics-urls=http://127.0.0.1:${health}`;
  const server = start('etcd', 'etcd', [...args, watched, ...tls], { log });
  return ready(server, log, () => isHealthy(health));
}

async function isHealthy(port: number): Promise<true | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`);
    return answer.ok ? true : undefined;
  } catch {
    return undefined;
  }
}
