import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { etcdArguments } from './cluster/arguments.ts';
import { eventually } from './eventually.ts';
import { freePorts } from './ports.ts';
import { type Process, start } from './process.ts';

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
}

/** Starts etcd on free ports of 127.0.0.1. */
export async function startEtcd(): Promise<Etcd> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-etcd-'));
  const [port = 0, peerPort = 0] = await freePorts(2);
  let server = await startServer(folder, port, peerPort);
  return {
    port,
    kill: () => server.kill(),
    halt: () => server.halt(),
    goOn: () => server.goOn(),
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startServer(folder, port, peerPort);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startServer(folder: string, port: number, peerPort: number): Promise<Process> {
  const log = join(folder, 'etcd.log');
  const args = etcdArguments({
    data: join(folder, 'data'),
    clientUrl: `http://127.0.0.1:${port}`,
    peerUrl: `http://127.0.0.1:${peerPort}`,
  });
  const server = start('etcd', 'etcd', args, { log });
  let alive = true;
  void server.ended.then(() => {
    alive = false;
  });
  await eventually(`etcd (log: ${log})`, () => isHealthy(port), { alive: () => alive, timeout: 60 });
  return server;
}

async function isHealthy(port: number): Promise<true | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`);
    return answer.ok ? true : undefined;
  } catch {
    return undefined;
  }
}
