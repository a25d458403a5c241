import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import { alternate, measure } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { isOpen } from './port.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { workloads } from './workloads.ts';

/** Our RPC layer beside a bare `node:http2` server that does the same: state get with nothing behind it. */
export async function measureCeilings({ rounds, requests }: BenchOptions): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-ceilings-'));
  const [http, bare, layer] = (await freePorts(3)) as [number, number, number];
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const serve = async (name: string, port: number, args: string[]): Promise<Process> => {
    const script = join(import.meta.dirname, `${name}.ts`);
    const flags = ['--disable-warning=ExperimentalWarning', script, ...args];
    const running = stack.use(start(name, process.execPath, flags, { log: join(folder, name) }));
    await eventually(`${name} to listen`, async () => ((await isOpen(port)) ? true : undefined));
    return running;
  };
  const prototype = await serve('prototype', bare, [String(http), String(bare)]);
  const own = await serve('layer', layer, [String(layer)]);
  const { load } = workloads.find(({ name }) => name === 'state get, gRPC')!;
  const task = (pid: number, port: number) => () =>
    measure([pid], load({ http: '', grpc: `127.0.0.1:${port}` }), requests);
  const tasks = { outrigger: task(own.pid, layer), prototype: task(prototype.pid, bare) };
  const samples = await alternate(tasks, rounds + 1);
  const cpu = (name: 'outrigger' | 'prototype') => samples[name]!.slice(1).map((sample) => sample.cpuMicroseconds);
  return [
    row('CPU, own RPC layer', 'µs/request', { outrigger: cpu('outrigger'), prototype: cpu('prototype') }, 'prototype'),
  ];
}
