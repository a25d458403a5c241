import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#e2e/run.ts';
import { onLoadCore } from './cores.ts';

/** What a generator sends: HTTP/1.1 over 32 connections, or gRPC over 4 connections of 16 streams. */
export type Load = {
  url: string;
  protocol: 'http' | 'grpc';
  headers?: Readonly<Record<string, string>>;
  /** Sent with POST. */
  body?: Buffer;
  /** Asked for in turn, in place of the one. Answers of any status count. */
  urls?: readonly string[];
  /** Connections, where the protocol's usual number is not meant. */
  connections?: number;
};

export type Outcome = { seconds: number; perSecond: number };

const shapes = { http: ['--h1', '-c'], grpc: ['-m', '16', '-c'] } as const;
const usual = { http: 32, grpc: 4 } as const;
const grpcHeaders = { 'content-type': 'application/grpc', te: 'trailers' };

/** Sends that many requests as fast as they are answered, with h2load. Throws when one is not answered 2xx. */
export async function saturate(load: Load, requests: number): Promise<Outcome> {
  const text = await h2load(load, [
    ...shapes[load.protocol],
    String(load.connections ?? usual[load.protocol]),
    '-n',
    String(requests),
  ]);
  const [, time, perSecond] = /finished in ([\d.]+m?s), ([\d.]+) req\/s/.exec(text) ?? [];
  const good =
    Number(/(\d+) 2xx/.exec(text)?.[1]) + (load.urls === undefined ? 0 : Number(/(\d+) 4xx/.exec(text)?.[1]));
  if (time === undefined || good !== requests) throw new Error(`${load.url} failed under load:\n${text}`);
  const seconds = time.endsWith('ms') ? Number.parseFloat(time) / 1_000 : Number.parseFloat(time);
  return { seconds, perSecond: Number(perSecond) };
}

async function h2load(load: Load, args: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'outrigger-load-'));
  try {
    const headers = { ...(load.protocol === 'grpc' ? grpcHeaders : {}), ...load.headers };
    const all = [...args, ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])];
    if (load.body !== undefined) {
      await writeFile(join(folder, 'body'), load.body);
      all.push('-d', join(folder, 'body'));
    }
    if (load.urls !== undefined) {
      await writeFile(join(folder, 'urls'), load.urls.join('\n'));
      all.push('-i', join(folder, 'urls'));
    }
    const [command, ...words] = onLoadCore(['h2load', ...all, ...(load.urls === undefined ? [load.url] : [])]);
    return await run(command!, words);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
