import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { saturate } from './load.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './result.ts';
import { row } from './rows.ts';
import { type Sidecar, type Subject, startSidecar } from './subject.ts';
import { residentMiB } from './usage.ts';
import { prepare, workloads } from './workloads.ts';

const moments = ['idle', 'with 1,000 idle connections', 'after load', 'later'] as const;
type Memory = Record<(typeof moments)[number], number>;

/**
 * Resident memory of fresh sidecars: idle, with idle connections, right after state loads over both doors, and later. What
 * has to be waited for is waited for together.
 */
export async function measureMemory(subjects: readonly Subject[], options: BenchOptions): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const sidecars = new Map<string, Sidecar>();
  for (const subject of subjects) sidecars.set(subject.name, stack.use(await startSidecar(subject)));
  for (const sidecar of sidecars.values()) await prepare(sidecar);
  await pause(8_000);
  const idle = [...sidecars].map(([name, { pid }]) => [name, residentMiB(pid)] as const);
  const later: Promise<[string, Memory]>[] = [];
  for (const [name, before] of idle) {
    const sidecar = sidecars.get(name)!;
    const seen = { idle: before, ...(await load(sidecar, options)) };
    later.push(pause(options.settleSeconds * 1_000).then(() => [name, { ...seen, later: residentMiB(sidecar.pid) }]));
  }
  const all = await Promise.all(later);
  return moments.map((moment) => {
    const figures = Object.fromEntries(all.map(([name, memory]) => [name, [memory[moment]]]));
    return row(`resident memory, ${moment}`, 'MiB', figures);
  });
}

async function load(sidecar: Sidecar, { requests }: BenchOptions): Promise<Omit<Memory, 'idle' | 'later'>> {
  const port = Number(sidecar.http.split(':')[1]);
  const connections = await Promise.all(Array.from({ length: 1_000 }, () => open(port)));
  const connected = residentMiB(sidecar.pid);
  for (const connection of connections) connection.destroy();
  for (const { load } of workloads) await saturate(load(sidecar), requests);
  return { 'with 1,000 idle connections': connected, 'after load': residentMiB(sidecar.pid) };
}

/** A kept-alive connection which has had one answer. */
function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /v1.0/healthz/outbound HTTP/1.1\r\nhost: x\r\n\r\n');
    });
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
  });
}
