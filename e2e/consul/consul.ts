import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePorts } from '../ports.ts';
import { start } from '../process.ts';
import { consulProgram } from './program.ts';

/** A real Consul agent of the test's own, server and catalogue in one. */
export type Consul = AsyncDisposable & {
  /** Of its HTTP API: `127.0.0.1:<port>`. */
  address: string;
};

/** Starts Consul on free ports of 127.0.0.1. */
export async function startConsul(): Promise<Consul> {
  const program = await consulProgram();
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-consul-'));
  const [http, server, lan, wan] = (await freePorts(4)) as [number, number, number, number];
  const ports = [`-http-port=${http}`, `-server-port=${server}`, `-serf-lan-port=${lan}`, `-serf-wan-port=${wan}`];
  const off = ['-dns-port=-1', '-grpc-port=-1', '-grpc-tls-port=-1'];
  const args = ['agent', '-dev', '-bind=127.0.0.1', '-client=127.0.0.1', '-log-level=warn', ...ports, ...off];
  const log = join(folder, 'consul.log');
  const agent = start('consul', program, args, { log, cwd: folder });
  const dispose = async () => {
    await agent[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  const address = `127.0.0.1:${http}`;
  const leads = async () =>
    (await (await fetch(`http://${address}/v1/status/leader`)).text()).length > 2 ? true : undefined;
  await eventually(`consul (log: ${log})`, leads, { alive: agent.alive }).catch(async (thrown) => {
    await dispose();
    throw thrown;
  });
  return { address, [Symbol.asyncDispose]: dispose };
}
