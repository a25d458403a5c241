import { connect as connectTcp } from 'node:net';
import fc from 'fast-check';
import { silentLogger } from '#kit/log/logger.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { createHttpServer, type HttpServer } from './server.ts';

/** What a request that two readers take differently would hide in its body. */
const hidden = 'GET /hidden HTTP/1.1\r\nhost: x\r\n\r\n';

let server: HttpServer;
let port: number;
let served: string[];

beforeEach(async () => {
  served = [];
  server = createHttpServer({
    log: silentLogger,
    async handle(request) {
      const body = await request.read();
      served.push(`${request.method} ${request.url} ${body}`);
      return { status: 200, body: 'seen' };
    },
  });
  port = await server.listen('127.0.0.1', 0);
});

afterEach(async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/next`);
  expect(await answer.text()).toBe('seen');
  await server[Symbol.asyncDispose]();
});

/** Sends the bytes, piece by piece, until the server closes the connection, or is quiet for `quietMs`; what came back. */
function send(pieces: readonly string[], quietMs = 0): Promise<string> {
  return new Promise((resolve) => {
    let seen = '';
    const socket = connectTcp(port, '127.0.0.1');
    for (const piece of pieces) socket.write(piece, 'latin1');
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(seen));
    socket.setTimeout(quietMs, () => socket.destroy());
  });
}

const post = (...lines: string[]): string => ['POST /first HTTP/1.1', 'host: x', ...lines, '', ''].join('\r\n');

describe('an HTTP server', () => {
  it.each([
    ['two lengths that differ', `${post('content-length: 0', `content-length: ${hidden.length}`)}${hidden}`],
    ['two lengths alike', `${post(`content-length: ${hidden.length}`, `content-length: ${hidden.length}`)}${hidden}`],
    ['a list of lengths', `${post(`content-length: ${hidden.length}, 0`)}${hidden}`],
    [
      'a length and chunks',
      `${post(`content-length: ${hidden.length + 5}`, 'transfer-encoding: chunked')}0\r\n\r\n${hidden}`,
    ],
    ['chunks and a length', `${post('transfer-encoding: chunked', 'content-length: 4')}0\r\n\r\n${hidden}`],
    ['a signed length', `${post('content-length: +0')}${hidden}`],
    ['a negative length', `${post('content-length: -1')}${hidden}`],
    ['a length in hexadecimals', `${post('content-length: 0x0')}${hidden}`],
    ['a length past all numbers', `${post('content-length: 18446744073709551616')}${hidden}`],
    ['a length with a space in it', `${post('content-length: 0 0')}${hidden}`],
    ['chunked twice', `${post('transfer-encoding: chunked', 'transfer-encoding: chunked')}0\r\n\r\n${hidden}`],
    ['chunked before another coding', `${post('transfer-encoding: chunked, identity')}0\r\n\r\n${hidden}`],
    ['a coding that looks like chunked', `${post('transfer-encoding: xchunked')}0\r\n\r\n${hidden}`],
    ['chunked behind a vertical tab', `${post('transfer-encoding: \x0bchunked')}0\r\n\r\n${hidden}`],
    ['a space before the colon', `${post('content-length : 0')}${hidden}`],
    ['a folded header', `${post('a: b', ' content-length: 0')}${hidden}`],
    ['a folded coding', `${post('transfer-encoding:', ' chunked')}0\r\n\r\n${hidden}`],
    ['bare line feeds', `POST /first HTTP/1.1\nhost: x\ncontent-length: 0\n\n${hidden}`],
    ['a line feed within a header', `${post('a: b\ncontent-length: 0')}${hidden}`],
    ['a carriage return within a header', `${post('a: b\rcontent-length: 0')}${hidden}`],
    ['a null within a header', `${post('a: b\0', 'content-length: 0')}${hidden}`],
    ['a chunk size that overflows', `${post('transfer-encoding: chunked')}10000000000000000\r\n\r\n0\r\n\r\n${hidden}`],
    ['a signed chunk size', `${post('transfer-encoding: chunked')}-0\r\n\r\n${hidden}`],
    ['a chunk size with a prefix', `${post('transfer-encoding: chunked')}0x0\r\n\r\n${hidden}`],
    ['a chunk longer than it says', `${post('transfer-encoding: chunked')}1\r\nab\r\n0\r\n\r\n${hidden}`],
    ['chunks of the older version', `POST /first HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['no version', `POST /first\r\n\r\n${hidden}`],
  ])('serves nothing behind a request with %s', async (_, bytes) => {
    await send([bytes], 300);
    await send([bytes.slice(0, 40), bytes.slice(40)], 300);
    expect(served.filter((line) => line.startsWith('GET /hidden'))).toEqual([]);
  });

  it('tells requests that are sent ahead apart as they were meant, however their bytes are cut', async () => {
    const body = fc.stringMatching(/^[ -~]{0,60}$/);
    const request = fc.record({ body, chunked: fc.boolean(), hides: fc.boolean() });
    const text = (one: { body: string; chunked: boolean; hides: boolean }, i: number) => {
      const content = one.hides ? `${hidden}${one.body}` : one.body;
      const head = `POST /${i} HTTP/1.1\r\nhost: x\r\n`;
      if (!one.chunked) return { content, bytes: `${head}content-length: ${content.length}\r\n\r\n${content}` };
      const chunk = content === '' ? '' : `${content.length.toString(16)}\r\n${content}\r\n`;
      return { content, bytes: `${head}transfer-encoding: chunked\r\n\r\n${chunk}0\r\n\r\n` };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(600), { maxLength: 5 }),
        async (requests, cuts) => {
          served.length = 0;
          const meant = requests.map(text);
          const all = `${meant.map(({ bytes }) => bytes).join('')}GET /end HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`;
          const at = [0, ...cuts.map((cut) => cut % all.length).sort((a, b) => a - b), all.length];
          await send(at.slice(1).map((end, i) => all.slice(at[i], end)));
          // Those sent ahead may be served at once: their answers are put in order, not their handlers.
          const expected = [...meant.map(({ content }, i) => `POST /${i} ${content}`), 'GET /end '];
          expect([...served].sort()).toEqual(expected.sort());
        },
      ),
      { numRuns: 150 },
    );
  });
});
