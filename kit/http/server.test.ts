import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFault } from '#kit/errors/fault.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { HttpHandler, HttpReply, HttpRequest } from './message.ts';
import { createHttpServer, type HttpServerOptions } from './server.ts';

async function served(handle: HttpHandler, options: Partial<HttpServerOptions> = {}) {
  const server = createHttpServer({ handle, log: silentLogger, ...options });
  const port = await server.listen('127.0.0.1', 0);
  return {
    port,
    server,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Says what it was asked; a body too large is 413. */
const echo: HttpHandler = async (request: HttpRequest): Promise<HttpReply> => {
  try {
    const body = await request.read();
    const { method, url, httpVersion } = request;
    return {
      status: 200,
      headers: { 'x-host': String(request.headers['host']) },
      body: `${httpVersion} ${method} ${url} ${body}`,
    };
  } catch (thrown) {
    return { status: 413, body: toFault(thrown).message };
  }
};

async function overHttp2(port: number, headers: Record<string, string>, body = '') {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  const stream = session.request(headers);
  stream.end(body);
  let status: number | undefined;
  let text = '';
  stream.on('response', (response) => {
    status = response[':status'];
  });
  for await (const chunk of stream) text += chunk;
  session.close();
  return { status, text };
}

/** Sends bytes as they are and answers all that comes back until the server closes. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

/** Upgrades to HTTP/2 with a request line; answers the status of the upgrade and the body of stream 1. */
function upgraded(port: number, line: string, headers: Record<string, string>): Promise<[string, string]> {
  const named = { host: 'x', connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
  const lines = Object.entries({ ...named, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(`${line} HTTP/1.1\r\n${lines.join('')}\r\n`));
    let status = '';
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf('\r\n\r\n');
      if (status === '' && end > 0) {
        status = bytes.subarray(9, 12).toString();
        bytes = bytes.subarray(end + 4);
        socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
      }
      const body = framesOf(bytes).find((frame) => frame.type === 0 && frame.stream === 1);
      if (status === '' || body === undefined) return;
      resolve([status, body.payload]);
      socket.destroy();
    });
  });
}

/** The whole HTTP/2 frames that bytes begin with. */
function framesOf(bytes: Buffer): { type: number; stream: number; payload: string }[] {
  const frames = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({
      type: bytes[at + 3]!,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.toString('utf8', at + 9, end),
    });
    at = end;
  }
  return frames;
}

describe('the HTTP server', () => {
  it('serves HTTP/1.1 and HTTP/2 on one port', async () => {
    await using at = await served(echo);
    const answer = await fetch(`${at.url}/a?b=c`, { method: 'PUT', body: 'hi' });
    expect([answer.status, await answer.text()]).toEqual([200, '1.1 PUT /a?b=c hi']);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('connection')).toBeNull();
    const second = await overHttp2(at.port, { ':method': 'POST', ':path': '/x' }, 'yo');
    expect(second).toEqual({ status: 200, text: '2.0 POST /x yo' });
  });

  it('answers a request that upgrades to HTTP/2 as the first of that connection', async () => {
    const say: HttpHandler = ({ httpVersion, method, url, headers }) => ({
      status: 200,
      body: [httpVersion, method, url, headers['host'], headers['x-long']?.length, headers['upgrade']].join(' '),
    });
    await using at = await served(say);
    const answer = await upgraded(at.port, 'GET /first?q', { 'x-long': 'v'.repeat(5_000) });
    expect(answer).toEqual(['101', '2.0 GET /first?q x 5000 ']);
  });

  it('serves a request that upgrades to something else, or with a body, over HTTP/1.1', async () => {
    await using at = await served(echo);
    const head = 'connection: upgrade, close\r\nhttp2-settings: AAMAAABk\r\nhost: x\r\n';
    const other = await raw(at.port, `GET /a HTTP/1.1\r\nupgrade: websocket\r\n${head}\r\n`);
    expect(other).toMatch(/200 OK[\s\S]*1.1 GET \/a $/);
    const withBody = await raw(at.port, `POST /b HTTP/1.1\r\nupgrade: h2c\r\ncontent-length: 2\r\n${head}\r\nhi`);
    expect(withBody).toMatch(/200 OK[\s\S]*1.1 POST \/b hi$/);
  });

  it('leaves HTTP/2 out when told so', async () => {
    await using at = await served(echo, { h2c: false });
    await expect(overHttp2(at.port, { ':path': '/' })).rejects.toThrow();
    expect((await fetch(at.url)).status).toBe(200);
  });

  it('refuses bodies over the limit, announced or not', async () => {
    await using at = await served(echo, { maxBodyBytes: 10 });
    const announced = await fetch(at.url, { method: 'POST', body: 'x'.repeat(11) });
    expect([announced.status, await announced.text()]).toEqual([
      413,
      'the request body is larger than the limit of 10 bytes',
    ]);
    const chunked = 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n14\r\n01234567890123456789\r\n';
    expect(await raw(at.port, chunked)).toMatch(/^HTTP\/1.1 413[\s\S]*Connection: close/i);
    expect((await overHttp2(at.port, { ':method': 'POST', ':path': '/' }, 'x'.repeat(11))).status).toBe(413);
  });

  it.each([
    ['read whole', echo],
    [
      'read as it comes',
      async ({ stream }) => {
        for await (const _piece of stream) return { status: 413, body: 'enough' };
        return { status: 200 };
      },
    ],
  ] as [string, HttpHandler][])('hears out a caller whose body was refused, %s', async (_how, handle) => {
    await using at = await served(handle, { maxBodyBytes: 10 });
    const socket = connectTcp(at.port, '127.0.0.1');
    const rest = Buffer.alloc(16_000_000);
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${rest.length + 11}\r\n\r\n0123456789+`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1.1 413[\s\S]*connection: close/i);
    const written = once(socket, 'drain');
    socket.resume().write(rest);
    await written;
    socket.destroy();
  });

  it('says that it closes the connection of a caller who wants that', async () => {
    await using at = await served(echo);
    expect(await raw(at.port, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(/connection: close/i);
  });

  it('sends streams as they come, at the reader’s pace', async () => {
    let sent = 0;
    const endless = async function* () {
      for (; sent < 10_000; sent++) yield Buffer.alloc(64 * 1024);
    };
    await using at = await served(() => ({ status: 200, body: endless() }));
    const answer = await fetch(at.url);
    const reader = answer.body!.getReader();
    expect((await reader.read()).value!.length).toBeGreaterThan(0);
    await reader.cancel();
    expect(sent).toBeLessThan(1_000);
  });

  it('aborts the signal of a caller who leaves', async () => {
    let left!: () => void;
    const gone = new Promise<void>((resolve) => {
      left = resolve;
    });
    const abort = new AbortController();
    await using at = await served(async ({ signal }) => {
      signal.addEventListener('abort', left);
      abort.abort();
      await gone;
      return { status: 200 };
    });
    const pending = fetch(at.url, { signal: abort.signal }).catch(() => 'gone');
    expect(await pending).toBe('gone');
    await gone;
  });

  it('answers 500 where the handler fails, and 204 without a body', async () => {
    await using at = await served(({ url }) => {
      if (url === '/none') return { status: 204 };
      throw new Error('on purpose');
    });
    expect((await fetch(at.url)).status).toBe(500);
    const none = await fetch(`${at.url}/none`);
    expect([none.status, none.headers.get('content-length')]).toEqual([204, null]);
  });

  it('answers HEAD without a body', async () => {
    await using at = await served(echo);
    const answer = await fetch(at.url, { method: 'HEAD' });
    expect([answer.status, await answer.text(), answer.headers.get('content-length')]).toEqual([200, '', null]);
  });

  it('refuses headers over the limit with 431, broken requests with 400, and tunnels with 405', async () => {
    await using at = await served(echo, { maxHeaderBytes: 1_000 });
    expect(await raw(at.port, `GET / HTTP/1.1\r\nhost: x\r\na: ${'b'.repeat(9_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431/,
    );
    expect(await raw(at.port, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await raw(at.port, 'CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 405/);
    expect((await fetch(at.url)).status).toBe(200);
  });

  it('closes connections that send their first bytes too slowly', async () => {
    await using at = await served(echo, { headersTimeoutMs: 20 });
    expect(await raw(at.port, 'PRI')).toBe('');
  });

  it.each([true, false])(
    'drains at once past connections without a request, kept open or ended (h2c: %s)',
    async (h2c) => {
      const at = await served(echo, { h2c });
      const opened = async () => {
        const socket = connectTcp(at.port, '127.0.0.1');
        await new Promise((resolve) => socket.once('connect', resolve));
        return socket;
      };
      const ended = new Promise<void>((resolve) => void opened().then((socket) => socket.end().once('close', resolve)));
      const kept = await opened();
      const closed = new Promise((resolve) => kept.once('close', resolve));
      await ended;
      await at.server.drain(3_600_000);
      await closed;
    },
  );

  it('serves Unix sockets', async () => {
    const path = join(tmpdir(), `outrigger-http-${Date.now()}.sock`);
    await using server = createHttpServer({ handle: echo, log: silentLogger });
    await server.listenSocket(path);
    const status = await new Promise((resolve, reject) => {
      httpRequest({ socketPath: path, path: '/' }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  it('lets requests under way finish while draining', async () => {
    let finish!: () => void;
    let started!: () => void;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const at = await served(async () => {
      started();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 200, body: 'done' };
    });
    const pending = fetch(at.url);
    await running;
    const drained = at.server.drain(5_000);
    finish();
    const answer = await pending;
    expect([await answer.text(), answer.headers.get('connection')]).toEqual(['done', 'close']);
    await drained;
  });
});
