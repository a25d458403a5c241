import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { grpcCode } from '#kit/errors/table.ts';
import { preface } from '#kit/http/preface.ts';
import { Http2Connection } from '#kit/http2/connection.ts';
import { encodeHeaders, type HeaderInit } from '#kit/http2/hpack-encoder.ts';
import { errorCode, frameType } from '#kit/http2/protocol.ts';
import type { Http2Stream, StreamSink } from '#kit/http2/stream.ts';
import { attacks, unreadFloods } from '#kit/http2/testing/attacks.ts';
import { opening, rawFrame } from '#kit/http2/testing/frames.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import { type ChannelOptions, connect } from './client.ts';
import { frame } from './frame.ts';

const { emptyCall, streamingOutputCall, fullDuplexCall } = TestService.method;

/** A server of TCP, and a channel to it. */
async function served(onSocket: (socket: Socket) => void, options: Partial<ChannelOptions> = {}) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const channel = connect({ target: `127.0.0.1:${(server.address() as { port: number }).port}`, ...options });
  return {
    channel,
    sockets,
    async [Symbol.asyncDispose]() {
      await channel[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const quiet: StreamSink = { data: () => {}, end: () => {}, drained: () => {}, closed: () => {} };
const answered = encodeHeaders({ ':status': 200, 'content-type': 'application/grpc' });
const well = encodeHeaders({ 'grpc-status': '0' });

/** Serves HTTP/2 frames on a socket, with as many streams at once. */
function http2(socket: Socket, maxStreams: number, accept: (stream: Http2Stream) => void): Http2Connection {
  const sizes = { maxHeaderBytes: 16_384, streamWindow: 65_535, connectionWindow: 65_535 };
  const connection = new Http2Connection(socket, { ...sizes, maxStreams, accept, closed: () => {} });
  let skip = preface.length;
  socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    connection.read(chunk.subarray(skipped));
  });
  return connection;
}

function answer(stream: Http2Stream): void {
  stream.headers(answered);
  stream.send(frame(Buffer.alloc(0)));
  stream.end(well);
}

/** What a server says that answers the first call with these frames. */
const saying = (...frames: readonly Buffer[]): Buffer => Buffer.concat([opening.subarray(preface.length), ...frames]);
const headers = (list: HeaderInit, end = false): Buffer =>
  rawFrame(frameType.headers, end ? 5 : 4, 1, encodeHeaders(list));
const data = (bytes: Buffer, end = false): Buffer => rawFrame(frameType.data, end ? 1 : 0, 1, bytes);
const reset = (code: number): Buffer => rawFrame(frameType.rstStream, 0, 1, [0, 0, 0, code]);
const began = headers({ ':status': 200, 'content-type': 'application/grpc' });
const empty = frame(Buffer.alloc(0));
/** One header of 3,000 letters, put into the table, and named 8,000 times. */
const bomb = Buffer.concat([
  Buffer.from([0x40, 1, 0x78, 0x7f, 0xb9, 0x16]),
  Buffer.alloc(3_000, 0x79),
  Buffer.alloc(8_000, 0xbe),
]);

/** A channel to a server that says this when the first call has come. */
const sayingOnCall = (bytes: Buffer) => {
  const settings = opening.subarray(preface.length);
  return served((socket) => {
    socket.write(settings);
    let seen = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      const before = seen.length;
      seen = Buffer.concat([seen, chunk]);
      const path = '/grpc.testing.TestService/';
      if (seen.includes(path) && !seen.subarray(0, before).includes(path))
        socket.write(bytes.subarray(settings.length));
    });
  });
};

describe('a gRPC client', () => {
  it('keeps calls waiting over the number that the server takes at once', async () => {
    const most = { now: 0, seen: 0 };
    await using at = await served((socket) => {
      http2(socket, 3, (stream) => {
        most.now += 1;
        most.seen = Math.max(most.seen, most.now);
        stream.sink = {
          ...quiet,
          end: () => setImmediate(() => answer(stream)),
          closed: () => {
            most.now -= 1;
          },
        };
      });
    });
    await at.channel.ready();
    const abort = new AbortController();
    const calls = Array.from({ length: 20 }, () => at.channel.unary(emptyCall, {}));
    const left = at.channel.unary(emptyCall, {}, { signal: abort.signal });
    calls.push(at.channel.unary(emptyCall, {}));
    abort.abort();
    await expect(left).rejects.toMatchObject({ code: grpcCode.CANCELLED });
    expect(await Promise.all(calls)).toHaveLength(21);
    expect(most.seen).toBe(3);
  });

  it('starts calls over, elsewhere, that the server did not take when it went', async () => {
    let connections = 0;
    await using at = await served((socket) => {
      const first = connections++ === 0;
      const connection = http2(socket, 100, (stream) => {
        stream.sink = { ...quiet, end: () => setImmediate(() => answer(stream)) };
        if (first) connection.goAway();
      });
    });
    expect(await Promise.all([1, 2, 3].map(() => at.channel.unary(emptyCall, {})))).toHaveLength(3);
    expect(connections).toBe(2);
  });

  it('lets go of a server that does not answer pings', async () => {
    const keepalive = { intervalMs: 5, timeoutMs: 5 };
    await using at = await served((socket) => socket.write(opening.subarray(preface.length)), { keepalive });
    await expect(at.channel.unary(emptyCall, {})).rejects.toMatchObject({ code: grpcCode.UNAVAILABLE });
  });

  it('gives up on a server that says nothing', async () => {
    await using at = await served(() => {}, { connectTimeoutMs: 20 });
    await expect(at.channel.unary(emptyCall, {})).rejects.toMatchObject({
      code: grpcCode.UNAVAILABLE,
      message: expect.stringMatching(/no answer within 20 ms/),
    });
  });

  it('ends the requests of a stream that the server has answered', async () => {
    let code: number | undefined;
    await using at = await served((socket) => {
      http2(socket, 10, (stream) => {
        stream.sink = { ...quiet, closed: (seen) => (code = seen) };
        stream.headers(encodeHeaders({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }), true);
      });
    });
    const endless = async function* () {
      for (;;) yield {};
    };
    const answers = at.channel.bidiStream(fullDuplexCall, endless());
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: grpcCode.NOT_FOUND });
    expect([undefined, errorCode.noError]).toContain(code);
  });

  it('reads no further ahead than its windows when answers are not taken', async () => {
    let stream!: Http2Stream;
    let connection!: Http2Connection;
    await using at = await served((socket) => {
      connection = http2(socket, 10, (opened) => {
        stream = opened;
        stream.sink = quiet;
        stream.headers(answered);
        for (let i = 0; i < 64; i++) stream.send(frame(Buffer.alloc(100_000)));
      });
    });
    const answers = at.channel.serverStream(streamingOutputCall, {})[Symbol.asyncIterator]();
    await answers.next().catch(() => {});
    await new Promise<void>((resolve) => connection.ping(resolve));
    expect(stream.sendWindow).toBeLessThan(100_000);
    await answers.return?.(undefined);
  });

  it.each([
    [
      'an interim answer before its own',
      [headers({ ':status': 103 }), began, data(empty), headers({ 'grpc-status': '0' }, true)],
    ],
    [
      'padding and frames of no known type',
      [
        rawFrame(77, 1, 1, [1, 2]),
        began,
        rawFrame(0, 8, 1, [2, ...empty, 0, 0]),
        headers({ 'grpc-status': '0' }, true),
      ],
    ],
    ['a reset behind its whole answer', [began, data(empty), headers({ 'grpc-status': '0' }, true), reset(0)]],
  ])('takes %s', async (_, frames) => {
    await using at = await sayingOnCall(saying(...frames));
    expect(await at.channel.unary(emptyCall, {}, { timeoutMs: 30_000 })).toMatchObject({});
  });

  it.each([
    ['an answer that is not gRPC', [headers({ ':status': 404, 'content-type': 'text/html' }, true)], 'UNIMPLEMENTED'],
    ['an answer without a status', [began, data(empty, true)], 'INTERNAL'],
    ['headers amid its answer', [began, data(empty), headers({ 'x-more': '1' })], 'INTERNAL'],
    ['headers that belong to a request', [headers({ ':status': 200, ':path': '/' })], 'INTERNAL'],
    [
      'an encoding that nobody knows',
      [headers({ ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'br' })],
      'INTERNAL',
    ],
    ['a message of unknown flags', [began, data(Buffer.from([9, 0, 0, 0, 0]))], 'INTERNAL'],
    [
      'a message that is cut off',
      [began, data(Buffer.from([0, 0, 0, 0, 9, 1])), headers({ 'grpc-status': '0' }, true)],
      'INTERNAL',
    ],
    [
      'a message that says it is too large',
      [began, data(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]))],
      'RESOURCE_EXHAUSTED',
    ],
    [
      'two answers to one',
      [began, data(Buffer.concat([empty, empty])), headers({ 'grpc-status': '0' }, true)],
      'INTERNAL',
    ],
    [
      'a message that unpacks to too much',
      [
        headers({ ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' }),
        data(frame(gzipSync(Buffer.alloc(8 * 1024 * 1024)), true)),
        headers({ 'grpc-status': '0' }, true),
      ],
      'RESOURCE_EXHAUSTED',
    ],
    ['headers that unpack to too many', [rawFrame(frameType.headers, 5, 1, bomb)], 'RESOURCE_EXHAUSTED'],
    ['a refusal, again and again', [reset(errorCode.refusedStream)], 'CANCELLED'],
    ['a demand for calm', [reset(errorCode.enhanceYourCalm)], 'RESOURCE_EXHAUSTED'],
    ['a reset in mid-answer', [began, data(empty), reset(errorCode.internalError)], 'INTERNAL'],
  ] as const)('ends a call with a status for %s', async (name, frames, code) => {
    await using at = await sayingOnCall(saying(...frames));
    const abort = new AbortController();
    const call = at.channel.unary(emptyCall, {}, { signal: abort.signal });
    // A call that is started over is not answered by this server.
    if (name.startsWith('a refusal')) setTimeout(() => abort.abort(), 50);
    await expect(call).rejects.toMatchObject({ code: grpcCode[code] });
  });

  it.each(
    Object.entries({ ...attacks, ...unreadFloods }).filter(
      ([name]) => !/stream that|reset at once|even stream/.test(name),
    ),
  )('lets go of a server that sends %s, and connects anew', async (_, bytes) => {
    let connections = 0;
    await using at = await served(
      (socket) => {
        if (connections++ > 0) {
          http2(socket, 10, (stream) => {
            stream.sink = { ...quiet, end: () => answer(stream) };
          });
        } else {
          const body = bytes.subarray(0, preface.length).equals(preface) ? bytes.subarray(preface.length) : bytes;
          socket.on('data', () => {});
          socket.write(body);
          socket.end();
        }
      },
      { backoff: { initialMs: 1, maxMs: 1 } },
    );
    await at.channel.unary(emptyCall, {}, { timeoutMs: 30_000 }).catch(() => {});
    expect(await at.channel.unary(emptyCall, {}, { waitForReady: true, timeoutMs: 30_000 })).toMatchObject({});
    expect(connections).toBe(2);
  });
});
