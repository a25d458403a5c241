import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { attacks, unreadFloods } from '#kit/http2/testing/attacks.ts';
import { opening } from '#kit/http2/testing/frames.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import { type Channel, connect } from './client.ts';
import { frame } from './frame.ts';
import { createGrpcServer, type GrpcServer } from './server.ts';
import { interopService } from './testing/interop-service.ts';

const { emptyCall, unaryCall } = TestService.method;
const headers = (path: string) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
});

let server: GrpcServer;
let port: number;
let bystander: Channel;

async function open(): Promise<void> {
  server = await createGrpcServer({ services: [interopService()], log: silentLogger, maxReceiveBytes: 1024 * 1024 });
  port = await server.listen('127.0.0.1', 0);
  bystander = connect({ target: `127.0.0.1:${port}` });
  await bystander.unary(emptyCall, {});
}

beforeEach(open);

/** Whatever was sent, another connection is served as before. */
afterEach(async () => {
  expect(await bystander.unary(unaryCall, { responseSize: 10 }, { timeoutMs: 60_000 })).toBeDefined();
  await bystander[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Sends bytes and waits until the server has closed the connection. */
function sendUntilClosed(write: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => write(socket));
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.resume();
  });
}

/** One call with a body of our making: its status. */
async function statusOf(body: Buffer, extra: Record<string, string> = {}): Promise<string> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const stream = session.request({ ...headers('/grpc.testing.TestService/UnaryCall'), ...extra });
  stream.on('error', () => {});
  const status = await new Promise<string>((resolve) => {
    stream.on('response', (seen) => seen['grpc-status'] && resolve(String(seen['grpc-status'])));
    stream.on('trailers', (seen) => resolve(String(seen['grpc-status'])));
    stream.on('close', () => resolve(`closed ${stream.rstCode}`));
    stream.resume();
    stream.end(body);
  });
  session.destroy();
  return status;
}

describe('a gRPC server under attack', () => {
  it('closes connections that speak HTTP/1', () =>
    sendUntilClosed((socket) => socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')));

  it.each(Object.entries(attacks))('closes connections that send %s', (_, bytes) =>
    sendUntilClosed((socket) => socket.write(bytes)),
  );

  it.each(Object.entries(unreadFloods))(
    'closes connections that flood it with %s and read nothing',
    async (_, frame) => {
      const before = process.memoryUsage().rss;
      await sendUntilClosed((socket) => {
        socket.pause();
        flood(socket, frame);
      });
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    },
  );

  it('closes connections that send their first bytes and no more', async () => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.write('PRI', () => resolve()));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await bystander[Symbol.asyncDispose]();
    await server.drain(3_600_000);
    await closed;
    await open();
  });

  it('refuses a message which says it is larger than allowed, unread', async () => {
    expect(await statusOf(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]))).toBe('8');
  });

  it('refuses unknown flags, cut messages, bytes that are no message, and several messages', async () => {
    expect(await statusOf(Buffer.from([7, 0, 0, 0, 0]))).toBe('13');
    expect(await statusOf(Buffer.from([0, 0, 0, 0, 9, 1]))).toBe('13');
    expect(await statusOf(frame(Buffer.alloc(20, 0xff)))).toBe('13');
    expect(await statusOf(Buffer.alloc(0))).toBe('13');
  });

  it('refuses messages that unpack to more than allowed, or not at all', async () => {
    const gzip = { 'grpc-encoding': 'gzip' };
    expect(await statusOf(frame(gzipSync(Buffer.alloc(200 * 1024 * 1024)), true), gzip)).toBe('8');
    expect(await statusOf(frame(gzipSync(Buffer.alloc(2 * 1024 * 1024)), true), gzip)).toBe('8');
    expect(await statusOf(frame(Buffer.alloc(100, 3), true), gzip)).toBe('13');
    expect(await statusOf(frame(Buffer.alloc(100, 3), true))).toBe('13');
  });

  it('refuses headers over the limit', async () => {
    const flood = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, 'y'.repeat(2_000)]));
    expect(await statusOf(frame(Buffer.alloc(0)), flood)).toMatch(/^closed/);
  });

  it('outlives resets in mid-stream', async () => {
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    for (let i = 0; i < 200; i++) {
      const stream = session.request(headers('/grpc.testing.TestService/FullDuplexCall'));
      stream.on('error', () => {});
      stream.write(Buffer.from([0, 0, 0, 1, 0]));
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await new Promise((resolve) => session.ping(resolve));
    session.destroy();
  });

  it('keeps memory bounded when answers are not read', async () => {
    const before = process.memoryUsage().rss;
    const session = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 1024 } });
    session.on('error', () => {});
    for (let i = 0; i < 50; i++) {
      const stream = session.request(headers('/grpc.testing.TestService/StreamingOutputCall'));
      stream.on('error', () => {});
      stream.end(frame(endlessRequest()));
    }
    await new Promise((resolve) => session.ping(resolve));
    await bystander.unary(unaryCall, { responseSize: 10 });
    await new Promise((resolve) => session.ping(resolve));
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
    session.destroy();
  });
});

/** Sends a frame over and over for as long as the connection stands, whether or not it is read. */
function flood(socket: Socket, frame: Buffer): void {
  const many = Buffer.concat([...Array.from({ length: 2_000 }, () => frame)]);
  const more = (): void => {
    while (!socket.destroyed && socket.write(many));
  };
  socket.on('drain', more);
  socket.write(opening);
  more();
}

/** A StreamingOutputCallRequest for 1,000 answers of 500 KB: field 2, each with field 1 = size. */
function endlessRequest(): Buffer {
  const parameters = Buffer.from([0x12, 4, 0x08, 0xa0, 0xc2, 0x1e]);
  return Buffer.concat(Array.from({ length: 1_000 }, () => parameters));
}
