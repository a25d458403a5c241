import { connect, type Socket } from 'node:net';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { HttpHandler } from './message.ts';
import { createHttpServer } from './server.ts';

async function served(handle: HttpHandler) {
  const server = createHttpServer({ handle, log: silentLogger });
  const port = await server.listen('127.0.0.1', 0);
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  return {
    socket,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;

/** What a connection has answered, once it holds that text so many times. */
function answered(socket: Socket, text: string, times = 1): Promise<string> {
  return new Promise((resolve) => {
    let all = '';
    socket.on('data', (chunk) => {
      all += chunk;
      if (all.split(text).length > times) resolve(all);
    });
  });
}

describe('a connection of plain requests', () => {
  it('answers requests that were sent ahead one by one, in their order', async () => {
    let running = 0;
    const most: number[] = [];
    await using at = await served(async ({ url }) => {
      most.push(++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { status: 200, body: `<${url}>` };
    });
    at.socket.write(get('/1') + get('/2') + get('/3'));
    const all = await answered(at.socket, '</3>');
    expect(all.match(/<\/\d>/g)).toEqual(['</1>', '</2>', '</3>']);
    expect(Math.max(...most)).toBe(1);
  });

  it('goes on where a request comes in pieces, is chunked, or is none', async () => {
    await using at = await served(async (request) => ({ status: 200, body: `<${await request.read()}>` }));
    const head = 'POST / HTTP/1.1\r\nhost: x\r\n';
    const first = answered(at.socket, '<ab>');
    at.socket.write(`${head}content-length: 2\r\n\r\na`);
    setImmediate(() => at.socket.write('b'));
    expect(await first).toContain('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n');
    const chunked = answered(at.socket, '<cd>');
    at.socket.write(`${get('/')}${head}transfer-encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n`);
    expect(await chunked).toContain('<>');
    const refused = answered(at.socket, '400 Bad Request');
    // Not earlier: what is still under way when nonsense comes gets no answer.
    at.socket.write('NONSENSE\r\n\r\n');
    await refused;
  });

  it('sends bodies of unknown length in chunks, and cuts the connection where one fails', async () => {
    await using at = await served(({ url }) => ({
      status: 200,
      body: (async function* () {
        yield Buffer.from('abc');
        if (url === '/bad') throw new Error('on purpose');
        yield Buffer.from('de');
      })(),
    }));
    at.socket.write(get('/good') + get('/bad'));
    const closed = new Promise((resolve) => at.socket.once('close', resolve));
    const all = await answered(at.socket, '3\r\nabc\r\n', 2);
    expect(all).toContain('transfer-encoding: chunked\r\n');
    expect(all).toContain('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
    await closed;
  });

  it('sends streams of a known length without chunks', async () => {
    const body = async function* () {
      yield Buffer.from('abc');
    };
    await using at = await served(() => ({ status: 200, headers: { 'content-length': '3' }, body: body() }));
    at.socket.write(get('/'));
    expect(await answered(at.socket, 'abc')).toMatch(/content-length: 3\r\n[\s\S]*\r\n\r\nabc$/);
  });

  it('answers 500 in place of a header that would end early', async () => {
    await using at = await served(({ url }) => ({
      status: 200,
      headers: url === '/bad' ? { 'x-told': 'a\r\nset-cookie: b' } : { 'x-list': ['a', 'b'] },
    }));
    at.socket.write(get('/bad') + get('/good'));
    const all = await answered(at.socket, 'x-list', 2);
    expect(all).toMatch(/^HTTP\/1.1 500 [\s\S]*HTTP\/1.1 200 OK\r\nx-list: a\r\nx-list: b\r\n/);
    expect(all).not.toContain('set-cookie');
  });

  it('takes no further requests from a caller that does not read its answers', async () => {
    let asked = 0;
    await using at = await served(() => {
      asked++;
      return { status: 200, body: Buffer.alloc(1_000_000) };
    });
    at.socket.pause();
    await new Promise<void>((resolve) => at.socket.write(get('/').repeat(1_000), () => resolve()));
    // Answers to another connection show that the server has had its turn with this one.
    const { remotePort } = at.socket;
    for (let i = 0; i < 10; i++) await fetch(`http://127.0.0.1:${remotePort}/`);
    expect(asked).toBeLessThan(50);
  });
});
