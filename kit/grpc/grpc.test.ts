import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '#e2e/ports.ts';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ErrorInfoSchema } from '#proto/google/rpc/error_details_pb.js';
import { ServerReflection } from '#proto/grpc/reflection/v1alpha/reflection_pb.js';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import { connect } from './client.ts';
import { statusFault } from './fault-status.ts';
import { createGrpcServer, type GrpcServerOptions } from './server.ts';
import { implement } from './service.ts';
import { unpackDetails } from './status.ts';
import { interopService } from './testing/interop-service.ts';

const { unaryCall, emptyCall, streamingOutputCall, streamingInputCall, fullDuplexCall, unimplementedCall } =
  TestService.method;

async function served(options: Partial<GrpcServerOptions> = {}) {
  const server = await createGrpcServer({ services: [interopService()], log: silentLogger, ...options });
  const port = await server.listen('127.0.0.1', 0);
  const channel = connect({ target: `127.0.0.1:${port}` });
  return {
    server,
    channel,
    async [Symbol.asyncDispose]() {
      await channel[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* from<T>(...items: T[]) {
  yield* items;
}

const sized = (...sizes: number[]) => ({ responseParameters: sizes.map((size) => ({ size })) });

describe('a gRPC server and its client', () => {
  it('answer unary calls, small and large, plain and as gzip', async () => {
    await using at = await served();
    expect(await at.channel.unary(emptyCall, {})).toMatchObject({});
    for (const size of [0, 1, 314_159, 3_000_000]) {
      const request = {
        responseSize: size,
        payload: { body: Buffer.alloc(size, 7) },
        responseCompressed: { value: true },
      };
      const plain = await at.channel.unary(unaryCall, request);
      expect(plain.payload?.body.length).toBe(size);
      const options = { gzip: true, metadata: {} };
      expect((await at.channel.unaryResponse(unaryCall, request, options)).message.payload?.body.length).toBe(size);
    }
  });

  it('stream in every direction', async () => {
    await using at = await served();
    const outputs = await collect(at.channel.serverStream(streamingOutputCall, sized(1, 2, 300_000)));
    expect(outputs.map(({ payload }) => payload?.body.length)).toEqual([1, 2, 300_000]);
    const inputs = from({ payload: { body: Buffer.alloc(10) } }, { payload: { body: Buffer.alloc(90_000) } });
    expect((await at.channel.clientStream(streamingInputCall, inputs)).aggregatedPayloadSize).toBe(90_010);
    const both = await collect(at.channel.bidiStream(fullDuplexCall, from(sized(3), sized(4, 5))));
    expect(both.map(({ payload }) => payload?.body.length)).toEqual([3, 4, 5]);
  });

  it('carry metadata, and status with special characters', async () => {
    await using at = await served();
    const metadata = { 'x-grpc-test-echo-initial': 'hello', 'x-grpc-test-echo-trailing-bin': 'q6ur' };
    const { headers, trailers } = await at.channel.unaryResponse(unaryCall, {}, { metadata });
    expect(headers['x-grpc-test-echo-initial']).toBe('hello');
    expect(trailers['x-grpc-test-echo-trailing-bin']).toBe('q6ur');
    const message = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈 100%\t\n';
    const refused = at.channel.unary(unaryCall, { responseStatus: { code: 2, message } });
    await expect(refused).rejects.toMatchObject({ code: 2, message });
  });

  it('answer UNIMPLEMENTED for what nobody serves', async () => {
    await using at = await served();
    await expect(at.channel.unary(unimplementedCall, {})).rejects.toMatchObject({ code: grpcCode.UNIMPLEMENTED });
  });

  it('carry a fault with its details there and back', async () => {
    const details = [{ kind: 'error-info', reason: 'NO_LUCK', domain: 'dapr.io', metadata: { a: 'b' } }] as const;
    const refuse = implement(TestService, {
      emptyCall() {
        throw fault('permission-denied', 'not today', { details });
      },
    });
    await using at = await served({ services: [refuse] });
    const thrown = await at.channel.unary(emptyCall, {}).catch((status) => status);
    expect(unpackDetails(thrown, ErrorInfoSchema)[0]?.reason).toBe('NO_LUCK');
    expect(statusFault(thrown)).toMatchObject({ key: 'permission-denied', message: 'not today', details });
  });

  it('end a call at its deadline, or when its caller aborts it, and tell the handler', async () => {
    const ended: string[] = [];
    const hang = implement(TestService, {
      async emptyCall(_, call) {
        await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
        ended.push(call.path);
        return {};
      },
    });
    await using at = await served({ services: [hang] });
    await expect(at.channel.unary(emptyCall, {}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 4 });
    const abort = new AbortController();
    const pending = at.channel.unary(emptyCall, {}, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(pending).rejects.toMatchObject({ code: grpcCode.CANCELLED });
  });

  it('cancel a stream whose reader leaves', async () => {
    let left: () => void;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const endless = implement(TestService, {
      async *streamingOutputCall() {
        try {
          for (;;) yield { payload: { body: Buffer.alloc(100_000) } };
        } finally {
          left();
        }
      },
    });
    await using at = await served({ services: [endless] });
    for await (const { payload } of at.channel.serverStream(streamingOutputCall, {})) {
      expect(payload?.body.length).toBe(100_000);
      break;
    }
    await gone;
  });

  it('refuse messages over the limit on either side', async () => {
    await using at = await served({ maxReceiveBytes: 1_000 });
    const large = at.channel.unary(unaryCall, { payload: { body: Buffer.alloc(2_000) } });
    await expect(large).rejects.toMatchObject({ code: grpcCode.RESOURCE_EXHAUSTED });
    const bomb = at.channel.unary(unaryCall, { payload: { body: Buffer.alloc(2_000) } }, { gzip: true });
    await expect(bomb).rejects.toMatchObject({ code: grpcCode.RESOURCE_EXHAUSTED });
  });

  it('pass unknown calls through without decoding', async () => {
    await using behind = await served();
    await using at = await served({
      services: [],
      async *unknown(frames, call) {
        const answer = behind.channel.raw(call.path, frames, { metadata: call.metadata, signal: call.signal });
        Object.assign(call.responseHeaders, { 'x-hop': (await answer.headers) === undefined ? 'none' : 'one' });
        yield* answer.frames;
      },
    });
    const sizes = await collect(at.channel.bidiStream(fullDuplexCall, from(sized(3), sized(400_000))));
    expect(sizes.map(({ payload }) => payload?.body.length)).toEqual([3, 400_000]);
    const refused = at.channel.unary(unaryCall, { responseStatus: { code: 9, message: 'no' } });
    await expect(refused).rejects.toMatchObject({ code: 9, message: 'no' });
    expect((await at.channel.unaryResponse(emptyCall, {})).headers['x-hop']).toBe('one');
  });

  it('talk over Unix sockets', async () => {
    const path = join(tmpdir(), `outrigger-grpc-${Date.now()}.sock`);
    await using server = await createGrpcServer({ services: [interopService()], log: silentLogger });
    await server.listenSocket(path);
    await using channel = connect({ target: `unix:${path}` });
    expect(await channel.unary(emptyCall, {})).toMatchObject({});
  });

  it('reject with UNAVAILABLE where nothing listens', async () => {
    await using channel = connect({ target: '127.0.0.1:1' });
    await expect(channel.unary(emptyCall, {})).rejects.toMatchObject({
      code: grpcCode.UNAVAILABLE,
      message: 'cannot connect to 127.0.0.1:1: ECONNREFUSED',
    });
  });

  it('connect anew after the server came back, and wait for it if asked', async () => {
    const first = await served();
    const [port] = (await freePorts(1)) as [number];
    await first.server.listen('127.0.0.1', port);
    await using channel = connect({ target: `127.0.0.1:${port}`, backoff: { initialMs: 1, maxMs: 1 } });
    await channel.unary(emptyCall, {});
    await first[Symbol.asyncDispose]();
    const pending = channel.unary(emptyCall, {}, { waitForReady: true, timeoutMs: 30_000 });
    await using again = await createGrpcServer({ services: [interopService()], log: silentLogger });
    await again.listen('127.0.0.1', port);
    expect(await pending).toMatchObject({});
  });

  it('let calls under way finish while draining', async () => {
    let finish!: () => void;
    let started!: () => void;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const slow = implement(TestService, {
      async emptyCall() {
        started();
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return {};
      },
    });
    const at = await served({ services: [slow] });
    const pending = at.channel.unary(emptyCall, {});
    await running;
    const drained = at.server.drain(5_000);
    finish();
    expect(await pending).toMatchObject({});
    await drained;
    await at[Symbol.asyncDispose]();
  });

  it('list and describe services by reflection', async () => {
    await using at = await served({ reflection: true });
    const { serverReflectionInfo } = ServerReflection.method;
    const ask = (messageRequest: { case: 'listServices' | 'fileContainingSymbol'; value: string }) =>
      collect(at.channel.bidiStream(serverReflectionInfo, from({ messageRequest })));
    const [listed] = await ask({ case: 'listServices', value: '' });
    expect(JSON.stringify(listed?.messageResponse)).toContain('"grpc.testing.TestService"');
    const [described] = await ask({ case: 'fileContainingSymbol', value: 'grpc.testing.TestService' });
    expect(described?.messageResponse.case).toBe('fileDescriptorResponse');
  });

  it('refuse calls by the check before them', async () => {
    await using at = await served({
      before(call) {
        if (call.header('dapr-api-token') !== 'x') throw fault('unauthenticated', 'bad token');
      },
    });
    await expect(at.channel.unary(emptyCall, {})).rejects.toMatchObject({ code: grpcCode.UNAUTHENTICATED });
    expect(await at.channel.unary(emptyCall, {}, { metadata: { 'dapr-api-token': 'x' } })).toMatchObject({});
  });
});
