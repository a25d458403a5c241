import { connect as connectTcp, type Socket } from 'node:net';
import { toFault } from '#kit/errors/fault.ts';
import { attacks, unreadFloods } from '#kit/http2/testing/attacks.ts';
import { opening } from '#kit/http2/testing/frames.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts';

let server: HttpServer;
let port: number;

const serve = (options: Pick<HttpServerOptions, 'headersTimeoutMs'> = {}): HttpServer =>
  createHttpServer({
    log: silentLogger,
    maxBodyBytes: 1_000,
    async handle(request) {
      try {
        return { status: 200, body: await request.read() };
      } catch (thrown) {
        return { status: 413, body: toFault(thrown).message };
      }
    },
    ...options,
  });

beforeEach(async () => {
  server = serve();
  port = await server.listen('127.0.0.1', 0);
});

/** Whatever was sent, another connection is served as before. */
afterEach(async () => {
  const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'well' });
  expect([answer.status, await answer.text()]).toEqual([200, 'well']);
  await server[Symbol.asyncDispose]();
});

/** Sends, then resolves with all that came back when the server has closed the connection. */
function untilClosed(send: (socket: Socket) => void, at = port): Promise<string> {
  return new Promise((resolve) => {
    let seen = '';
    const socket = connectTcp(at, '127.0.0.1', () => send(socket));
    socket.on('data', (chunk) => {
      seen += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(seen));
  });
}

const head = 'POST / HTTP/1.1\r\nhost: x\r\n';

describe('an HTTP server under attack', () => {
  it.each([
    ['a broken request line', 'GET\r\n\r\n', /^HTTP\/1.1 400/],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', /^HTTP\/1.1 400/],
    ['two different lengths', `${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`, /^HTTP\/1.1 400/],
    [
      'a length and chunks',
      `${head}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1.1 400/,
    ],
    ['a header flood', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(5_000)}\r\n`, /^HTTP\/1.1 431/],
    ['one endless header', `GET / HTTP/1.1\r\na: ${'b'.repeat(100_000)}`, /^HTTP\/1.1 431/],
    ['a body announced too large', `${head}content-length: 99999999999\r\n\r\n`, /^HTTP\/1.1 413/],
    [
      'chunks without end',
      `${head}transfer-encoding: chunked\r\n\r\n${'3e8\r\n'.concat('x'.repeat(1_000), '\r\n').repeat(50)}`,
      /^HTTP\/1.1 413/,
    ],
  ])('refuses %s', async (_, bytes, answer) => {
    expect(await untilClosed((socket) => socket.write(bytes))).toMatch(answer);
  });

  it('closes connections that send their headers drop by drop', async () => {
    await using impatient = serve({ headersTimeoutMs: 200 });
    const seen = await untilClosed(
      (socket) => {
        socket.write('GET / HTTP/1.1\r\n');
        const drip = setInterval(() => socket.write('a: b\r\n'), 50);
        socket.on('close', () => clearInterval(drip));
      },
      await impatient.listen('127.0.0.1', 0),
    );
    expect(seen).toMatch(/^(?:HTTP\/1.1 408|$)/);
  });

  it('outlives callers that leave in mid-request', async () => {
    await Promise.all(
      Array.from({ length: 200 }, () =>
        untilClosed((socket) => {
          socket.write(`${head}content-length: 500\r\n\r\nab`);
          socket.destroy();
        }),
      ),
    );
  });

  it.each(Object.entries(attacks))('closes HTTP/2 connections that send %s', (_, bytes) =>
    untilClosed((socket) => socket.write(bytes)),
  );

  it.each(Object.entries(unreadFloods))('keeps memory bounded under %s without end', async (_, frame) => {
    const before = process.memoryUsage().rss;
    const many = Buffer.concat(Array.from({ length: 2_000 }, () => frame));
    await untilClosed((socket) => {
      socket.pause();
      const more = (): void => {
        while (!socket.destroyed && socket.write(many));
      };
      socket.on('drain', more);
      socket.write(opening);
      more();
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  it('keeps memory bounded under requests that are sent ahead and never read', async () => {
    const before = process.memoryUsage().rss;
    const socket = connectTcp(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    const ahead = Buffer.from(`${head}content-length: 900\r\n\r\n${'x'.repeat(900)}`.repeat(1_000));
    for (let i = 0; i < 20 && socket.write(ahead); i++);
    await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: 'well' });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    socket.destroy();
  });
});
