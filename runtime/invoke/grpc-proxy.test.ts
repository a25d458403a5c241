import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { RawCall } from '#kit/grpc/call.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { createTracing, type FinishedSpan } from '#kit/telemetry/tracing/tracing.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { decodeResiliency } from '../policy/resiliency/decode.ts';
import { builtInTables, createPolicyResolver } from '../policy/resiliency/resolve.ts';
import { createRunner } from '../policy/resiliency/run.ts';
import { type AppLink, createGrpcProxy } from './grpc-proxy.ts';

type Serve = (frames: AsyncIterable<Buffer>, attempt: number) => AsyncGenerator<Buffer>;

/** A proxy towards the app `till`, whose calls are retried; `serve` is the peer, told which attempt it sees. */
async function proxied(serve: Serve, connect?: () => Promise<AppLink>) {
  const tables = builtInTables();
  const retries = { again: { policy: 'constant', duration: '1ms', maxRetries: 3 } };
  await decodeResiliency({ policies: { retries }, targets: { apps: { till: { retry: 'again' } } } }, tables, () => {});
  const seen: Record<string, unknown>[] = [];
  let attempts = 0;
  const link: AppLink = {
    raw(_path, frames, options) {
      attempts += 1;
      seen.push({ ...options?.metadata });
      const headers = Promise.resolve({ 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'gzip', 'x-own': '1' });
      return { headers, frames: serve(frames, attempts), trailers: () => ({}) } as never;
    },
  };
  const spans: FinishedSpan[] = [];
  const proxy = createGrpcProxy({
    self: { appId: 'shop', namespace: 'default' },
    appToken: undefined,
    app: () => undefined,
    connect: connect ?? (async () => link),
    policies: createPolicyResolver(tables, () => 0),
    run: createRunner({ now: () => 0, random: () => 0, pause: async () => {} }),
    tracing: createTracing({ ratio: 1, record: (span) => void spans.push(span) }),
  });
  const call = {
    path: '/bank.Till/Pay',
    metadata: { 'dapr-app-id': 'till' },
    headers: { 'grpc-encoding': 'gzip' },
    responseHeaders: {},
    responseTrailers: {},
  } as unknown as RawCall;
  const answer = async (frames: AsyncIterable<Buffer>): Promise<string[]> => {
    const texts: string[] = [];
    for await (const frame of proxy(frames, call)) texts.push(String(frame));
    return texts;
  };
  return { answer, seen, spans, answered: call.responseHeaders, attempts: () => attempts };
}

async function* one(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

const echo: Serve = (frames) => frames as AsyncGenerator<Buffer>;

const lost = () => new StatusError(grpcCode.UNAVAILABLE, 'lost');

describe('a proxied gRPC call under a retry policy', () => {
  it('is sent again while it is a single message', async () => {
    const { answer, attempts } = await proxied(async function* (frames, attempt) {
      for await (const frame of frames) if (attempt === 3) yield frame;
      if (attempt < 3) throw lost();
    });
    expect(await answer(one('pay'))).toEqual(['pay']);
    expect(attempts()).toBe(3);
  });

  it('is never sent again once a second message has gone out', async () => {
    const { answer, attempts } = await proxied(async function* (frames) {
      for await (const frame of frames) if (String(frame) === 'two') throw lost();
      yield Buffer.from('never');
    });
    const stream = async function* () {
      yield Buffer.from('one');
      yield Buffer.from('two');
    };
    await expect(answer(stream())).rejects.toThrow('lost');
    expect(attempts()).toBe(1);
  });

  it('gives a message that comes between two attempts to the second, whole and once', async () => {
    const gate = Promise.withResolvers<void>();
    const stream = async function* () {
      yield Buffer.from('one');
      await gate.promise;
      yield Buffer.from('two');
    };
    const left: Promise<unknown>[] = [];
    const { answer } = await proxied(async function* (frames, attempt) {
      if (attempt > 1) {
        gate.resolve();
        for await (const frame of frames) yield frame;
        return;
      }
      const reader = frames[Symbol.asyncIterator]();
      await reader.next();
      // The first attempt is already waiting for more when it fails.
      left.push(reader.next());
      throw lost();
    });
    expect(await answer(stream())).toEqual(['one', 'two']);
    expect(await left[0]).toMatchObject({ done: true });
  });

  it.each([
    ['app-not-found', grpcCode.UNKNOWN],
    ['unavailable', grpcCode.UNAVAILABLE],
  ] as const)('fails for a peer that cannot be found (%s) with code %d', async (key, code) => {
    const { answer } = await proxied(echo, () => Promise.reject(fault(key, "couldn't find service: till")));
    await expect(answer(one('pay'))).rejects.toMatchObject({ code });
  });

  it('tells both sides how its messages are packed, and not to pack for a caller who cannot unpack', async () => {
    const { answer, seen, answered } = await proxied(echo);
    await answer(one('pay'));
    expect(seen[0]).toMatchObject({ 'grpc-encoding': 'gzip', 'grpc-accept-encoding': 'identity' });
    expect(answered).toEqual({ 'grpc-encoding': 'gzip', 'x-own': '1' });
  });

  it('is one span, which the peer gets as its parent', async () => {
    const { answer, seen, spans } = await proxied(async function* (frames) {
      for await (const frame of frames) yield frame;
    });
    await answer(one('pay'));
    expect(spans).toMatchObject([{ name: '/bank.Till/Pay', kind: 'client', error: undefined }]);
    expect(String(seen[0]?.['traceparent'])).toContain(spans[0]!.context.spanId);
  });
});
