import { createServer as createTcp } from 'node:net';
import { isUnseen } from '#kit/errors/unseen.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { HttpClientOptions } from './call.ts';
import { connectHttp } from './client.ts';
import { listen } from './listen.ts';
import type { HttpHandler } from './message.ts';
import { createHttpServer } from './server.ts';

async function both(handle: HttpHandler, options: Partial<HttpClientOptions> = {}) {
  const server = createHttpServer({ handle, log: silentLogger });
  const port = await server.listen('127.0.0.1', 0);
  const client = await connectHttp({ origin: `http://127.0.0.1:${port}`, ...options });
  return {
    call: client.call,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const echo: HttpHandler = async (request) => ({
  status: 201,
  headers: { 'x-seen': `${request.httpVersion} ${request.method} ${request.url} ${request.headers['x-sent']}` },
  body: await request.read(),
});

describe.each([false, true])('the HTTP client, h2c %s', (h2c) => {
  const version = h2c ? '2.0' : '1.1';

  it('sends and receives whole bodies', async () => {
    await using at = await both(echo, { h2c });
    const headers = { 'x-sent': 'yes' };
    const response = await at.call({ method: 'POST', path: '/a?b', headers, body: Buffer.from('body') });
    expect([response.status, response.headers['x-seen']]).toEqual([201, `${version} POST /a?b yes`]);
    expect(String(await response.body.read(100))).toBe('body');
  });

  it('streams in both directions', async () => {
    await using at = await both((request) => ({ status: 200, body: request.stream }), { h2c });
    const body = (async function* () {
      for (let i = 0; i < 50; i++) yield Buffer.alloc(100_000, i);
    })();
    const response = await at.call({ method: 'PUT', path: '/', body });
    let size = 0;
    for await (const chunk of response.body) size += chunk.length;
    expect(size).toBe(5_000_000);
  });

  it('refuses a response over the limit', async () => {
    await using at = await both(() => ({ status: 200, body: 'x'.repeat(1_000) }), { h2c });
    const { body } = await at.call({ method: 'GET', path: '/' });
    await expect(body.read(10)).rejects.toThrow('the response is larger than the limit of 10 bytes');
  });

  it('leaves when its signal aborts', async () => {
    await using at = await both(() => new Promise(() => {}), { h2c });
    const abort = new AbortController();
    const pending = at.call({ method: 'GET', path: '/', signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(pending).rejects.toMatchObject({ key: 'cancelled' });
  });
});

/** Answers one request with the bytes given, then closes; resolves with what it was sent. */
async function answering(bytes: string) {
  const seen = Promise.withResolvers<string>();
  const server = createTcp((socket) => {
    socket.once('data', (chunk) => {
      seen.resolve(String(chunk));
      socket.end(bytes);
    });
  });
  const port = await listen(server as never, 'test', '127.0.0.1', 0);
  return { origin: `http://127.0.0.1:${port}`, seen: seen.promise, [Symbol.dispose]: () => void server.close() };
}

describe('the HTTP client', () => {
  it('sends no header that belongs to the connection', async () => {
    using app = await answering('HTTP/1.1 204 None\r\n\r\n');
    await using client = await connectHttp({ origin: app.origin });
    const headers = { 'x-connection': 'keep-alive' };
    expect((await client.call({ method: 'GET', path: '/', headers })).status).toBe(204);
    expect(await app.seen).toMatch(/^GET \/ HTTP\/1.1\r\nhost: [\d.:]+\r\nx-connection: keep-alive\r\n\r\n$/);
  });

  it('ends a body that is shorter than announced where the server left', async () => {
    using app = await answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort');
    await using client = await connectHttp({ origin: app.origin });
    const { body } = await client.call({ method: 'GET', path: '/' });
    expect(String(await body.read(1_000))).toBe('short');
  });

  it('rejects a chunked body that is cut', async () => {
    using app = await answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n');
    await using client = await connectHttp({ origin: app.origin });
    const { body } = await client.call({ method: 'GET', path: '/' });
    await expect(body.read(1_000)).rejects.toMatchObject({ key: 'unavailable' });
  });

  it('rejects with unavailable where nothing listens', async () => {
    await using client = await connectHttp({ origin: 'http://127.0.0.1:1' });
    await expect(client.call({ method: 'GET', path: '/' })).rejects.toMatchObject({
      key: 'unavailable',
      message: 'the call to http://127.0.0.1:1 failed: ECONNREFUSED',
    });
  });

  it('hands on 101, which has no body, and passes over 100', async () => {
    using app = await answering('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n');
    await using client = await connectHttp({ origin: app.origin });
    const { status, body } = await client.call({ method: 'GET', path: '/' });
    expect([status, String(await body.read(10))]).toEqual([101, '']);
  });

  it('rejects what is no HTTP, and says so', async () => {
    using app = await answering('220 mail.example.com ESMTP\r\n\r\n');
    await using client = await connectHttp({ origin: app.origin });
    await expect(client.call({ method: 'GET', path: '/' })).rejects.toMatchObject({
      key: 'unavailable',
      message: `the call to ${app.origin} failed: the response is malformed: the status line is malformed`,
    });
  });

  it.each([
    ['a header value', { headers: { a: 'b\r\nc: d' } }],
    ['a header value beyond Latin-1', { headers: { a: '\u010ac: d' } }],
    ['a header name', { headers: { 'a: b\r\nc': 'd' } }],
    ['a path', { path: '/ HTTP/1.1\r\nc: d\r\n\r\n' }],
  ])('refuses %s that would break out of its line', async (_what, call) => {
    await using client = await connectHttp({ origin: 'http://127.0.0.1:1' });
    await expect(client.call({ method: 'GET', path: '/', ...call })).rejects.toMatchObject({ key: 'bad-request' });
  });
});

describe('a body that streams and whose length is known', () => {
  const pieces = async function* (...texts: string[]) {
    for (const text of texts) yield Buffer.from(text);
  };

  it('goes out under its length, not in chunks', async () => {
    await using at = await both(async ({ headers, stream }) => {
      const all: Buffer[] = [];
      for await (const piece of stream) all.push(piece);
      return {
        status: 200,
        body: `${headers['content-length']} ${headers['transfer-encoding']} ${Buffer.concat(all)}`,
      };
    });
    const { body } = await at.call({ method: 'POST', path: '/', body: pieces('some', ' more'), bodyBytes: 9 });
    expect(String(await body.read(100))).toBe('9 undefined some more');
  });

  it.each([
    ['shorter', 10],
    ['longer', 8],
  ])('fails where it is %s', async (how, bodyBytes) => {
    await using at = await both(async (request) => ({ status: 200, body: await request.read() }));
    const failed = at.call({ method: 'POST', path: '/', body: pieces('some', ' more'), bodyBytes });
    await expect(failed).rejects.toMatchObject({ message: expect.stringContaining(`the body is ${how} than was`) });
  });
});

/** A server that answers the first request of a connection, and at the second says the last word, if any, and closes it. */
async function leaving(lastWord = '') {
  const methods: string[] = [];
  const server = createTcp((socket) => {
    let seen = 0;
    socket.on('data', (chunk) => {
      methods.push(String(chunk).split(' ')[0]!);
      seen += 1;
      if (seen > 1) socket.end(lastWord);
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
  });
  const port = await listen(server as never, 'test', '127.0.0.1', 0);
  return { origin: `http://127.0.0.1:${port}`, methods, [Symbol.dispose]: () => void server.close() };
}

describe('a kept-alive connection that its server closes when the next request comes', () => {
  it('is replaced, and an idempotent request made again', async () => {
    using app = await leaving();
    await using client = await connectHttp({ origin: app.origin });
    for (let i = 0; i < 2; i++) expect((await client.call({ method: 'GET', path: '/' })).status).toBe(200);
    expect(app.methods).toEqual(['GET', 'GET', 'GET']);
  });

  it('is not replaced by another that is as old', async () => {
    using app = await leaving();
    await using client = await connectHttp({ origin: app.origin });
    const get = () => client.call({ method: 'GET', path: '/' });
    await Promise.all([get(), get(), get()]);
    expect((await get()).status).toBe(200);
    expect(app.methods.length).toBe(5);
  });

  it('is not replaced once the server has begun to answer', async () => {
    using app = await leaving('HTTP/1.1 200 OK\r\nno header\r\n\r\n');
    await using client = await connectHttp({ origin: app.origin });
    const get = () => client.call({ method: 'GET', path: '/' });
    expect((await get()).status).toBe(200);
    await expect(get()).rejects.toMatchObject({ message: expect.stringContaining('a header is malformed') });
    expect(app.methods).toEqual(['GET', 'GET']);
  });

  it('fails a request that may not be made twice', async () => {
    using app = await leaving();
    await using client = await connectHttp({ origin: app.origin });
    const post = () => client.call({ method: 'POST', path: '/', body: Buffer.from('x') });
    expect((await post()).status).toBe(200);
    await expect(post()).rejects.toMatchObject({ key: 'unavailable' });
    expect(app.methods).toEqual(['POST', 'POST']);
  });
});

describe('the HTTP client at its limit of connections', () => {
  it('fails further calls too where nobody answers', async () => {
    const nobody = createTcp();
    const port = await listen(nobody as never, 'test', '127.0.0.1', 0);
    await new Promise((resolve) => nobody.close(resolve));
    await using client = await connectHttp({ origin: `http://127.0.0.1:${port}`, maxConnections: 1 });
    const calls = [1, 2, 3].map(() => client.call({ method: 'POST', path: '/' }).catch(isUnseen));
    expect(await Promise.all(calls)).toEqual([true, true, true]);
  });

  it('has further calls wait for their turn', async () => {
    const waiting: (() => void)[] = [];
    await using at = await both(
      () => new Promise((resolve) => waiting.push(() => resolve({ status: 200, body: 'x' }))),
      { maxConnections: 1 },
    );
    const calls = [1, 2].map(() => at.call({ method: 'GET', path: '/' }));
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(waiting.length).toBe(1);
    waiting[0]!();
    expect(String(await (await calls[0]!).body.read(10))).toBe('x');
    while (waiting.length === 1) await new Promise((resolve) => setImmediate(resolve));
    waiting[1]!();
    expect((await calls[1]!).status).toBe(200);
  });
});
