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

/** Resident memory of a fresh sidecar: idle, with idle connections, right after state loads over both doors, and later. */
export async function measureMemory(subjects: readonly Subject[], options: BenchOptions): Promise<Row[]> {
  const seen: Record<string, Memory> = {};
  for (const subject of subjects) {
    await using sidecar = await startSidecar(subject);
    seen[subject.name] = await watch(sidecar, options);
  }
  return moments.map((moment) => {
    const figures = Object.fromEntries(Object.entries(seen).map(([name, memory]) => [name, [memory[moment]]]));
    return row(`resident memory, ${moment}`, 'MiB', figures);
  });
}

async function watch(sidecar: Sidecar, { requests, settleSeconds }: BenchOptions): Promise<Memory> {
  await prepare(sidecar);
  await pause(8_000);
  const idle = residentMiB(sidecar.pid);
  const port = Number(sidecar.http.split(':')[1]);
  const connections = await Promise.all(Array.from({ length: 1_000 }, () => open(port)));
  const connected = residentMiB(sidecar.pid);
  for (const connection of connections) connection.destroy();
  for (const { load } of workloads) await saturate(load(sidecar), requests);
  const after = residentMiB(sidecar.pid);
  await pause(settleSeconds * 1_000);
  const later = residentMiB(sidecar.pid);
  return { idle, 'with 1,000 idle connections': connected, 'after load': after, later };
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
