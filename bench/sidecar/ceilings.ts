import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import { onServerCore } from './cores.ts';
import { alternate, measure, type Sample } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { isOpen } from './port.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { type Sidecar, type Subject, startSidecar } from './subject.ts';
import { prepare, workloads } from './workloads.ts';

/**
 * Bare servers of Node's own that answer a state get, beside our RPC layer with nothing behind it and our whole sidecar:
 * what can be compared where there is no peer.
 */
export async function measureCeilings(own: Subject, { rounds, requests }: BenchOptions): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-ceilings-'));
  const [http, bare, layer] = (await freePorts(3)) as [number, number, number];
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const serve = async (name: string, port: number, args: string[]): Promise<Process> => {
    const script = join(import.meta.dirname, `${name}.ts`);
    const flags = ['--disable-warning=ExperimentalWarning', script, ...args];
    const [command, ...words] = onServerCore([process.execPath, ...flags]);
    const running = stack.use(start(name, command!, words, { log: join(folder, name) }));
    await eventually(`${name} to listen`, async () => ((await isOpen(port)) ? true : undefined));
    return running;
  };
  const prototype = await serve('prototype', bare, [String(http), String(bare)]);
  const layerOnly = await serve('layer', layer, [String(layer)]);
  const sidecar = stack.use(await startSidecar(own));
  await prepare(sidecar);
  const bareAt = { http: `127.0.0.1:${http}`, grpc: `127.0.0.1:${bare}` };
  const rows: Row[] = [];
  const compare = async (row: string, workload: string, pid: number, at: Addresses): Promise<void> => {
    const { load } = workloads.find(({ name }) => name === workload)!;
    const tasks = {
      outrigger: () => measure([pid], load(at), requests),
      prototype: () => measure([prototype.pid], load(bareAt), requests),
    };
    rows.push(compared(row, await alternate(tasks, rounds + 1)));
  };
  await compare('CPU, own RPC layer', 'state get, gRPC', layerOnly.pid, { http: '', grpc: `127.0.0.1:${layer}` });
  await compare('CPU, state get over gRPC by bare node:http2', 'state get, gRPC', sidecar.pid, sidecar);
  await compare('CPU, state get over HTTP by bare node:http', 'state get, HTTP', sidecar.pid, sidecar);
  return rows;
}

type Addresses = Pick<Sidecar, 'http' | 'grpc'>;

/** The first sample of each warmed up and is left out. */
function compared(name: string, samples: Readonly<Record<string, Sample[]>>): Row {
  const cpu = Object.entries(samples).map(([who, all]) => [who, all.slice(1).map((one) => one.cpuMicroseconds)]);
  return row(name, 'µs/request', Object.fromEntries(cpu), 'prototype');
}
