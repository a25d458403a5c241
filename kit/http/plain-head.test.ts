import { createServer } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { plainHead } from './plain-head.ts';

const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n`;

describe('a plain head', () => {
  it('is read into a method, a target and headers', () => {
    expect(plainHead(head('PUT /a?b=%20 HTTP/1.1', 'Host: x', 'content-length:  3 ', 'X-Empty:'))).toMatchObject({
      method: 'PUT',
      url: '/a?b=%20',
      headers: { host: 'x', 'content-length': '3', 'x-empty': '' },
      rawHeaders: ['Host', 'x', 'content-length', '3', 'X-Empty', ''],
      bodyLength: 3,
    });
  });

  it('has the bytes of its target that are no ASCII percent-encoded', () => {
    const sent = Buffer.from(head('GET /café?q=ü HTTP/1.1', 'host: x')).toString('latin1');
    expect(plainHead(sent)?.url).toBe('/caf%C3%A9?q=%C3%BC');
  });

  it('takes the headers of the head before it where they are the same', () => {
    const first = plainHead(head('GET /a HTTP/1.1', 'host: x', 'a: b'))!;
    const second = plainHead(head('POST /b HTTP/1.1', 'host: x', 'a: b'), first)!;
    expect([second.method, second.url, second.headers === first.headers]).toEqual(['POST', '/b', true]);
    expect(plainHead(head('GET /a HTTP/1.1', 'host: x', 'a: c'), first)!.headers['a']).toBe('c');
  });

  it.each([
    ['no host', head('GET / HTTP/1.1', 'a: b')],
    ['two hosts', head('GET / HTTP/1.1', 'host: a', 'Host: b')],
    ['an older version', head('GET / HTTP/1.0', 'host: a')],
    ['a method of its own', head('BREW / HTTP/1.1', 'host: a')],
    ['a whole URL as target', head('GET http://a/ HTTP/1.1', 'host: a')],
    ['a space in its target', head('GET /a b HTTP/1.1', 'host: a')],
    ['chunks', head('POST / HTTP/1.1', 'host: a', 'Transfer-Encoding: chunked')],
    ['two lengths', head('POST / HTTP/1.1', 'host: a', 'content-length: 1', 'content-length: 1')],
    ['a list of lengths', head('POST / HTTP/1.1', 'host: a', 'content-length: 1, 1')],
    ['a signed length', head('POST / HTTP/1.1', 'host: a', 'content-length: +1')],
    ['an upgrade', head('GET / HTTP/1.1', 'host: a', 'upgrade: h2c')],
    ['an expectation', head('POST / HTTP/1.1', 'host: a', 'expect: 100-continue')],
    ['a wish to close', head('GET / HTTP/1.1', 'host: a', 'connection: close')],
    ['a folded header', head('GET / HTTP/1.1', 'host: a', 'b: c', ' d')],
    ['a space before the colon', head('GET / HTTP/1.1', 'host: a', 'b : c')],
    ['a bare line feed', head('GET / HTTP/1.1', 'host: a\nb: c')],
    ['a bare carriage return', head('GET / HTTP/1.1', 'host: a\rb: c')],
    ['a null', head('GET / HTTP/1.1', 'host: a', 'b: \0')],
    ['letters beyond ASCII', head('GET / HTTP/1.1', 'host: a', 'b: é')],
    ['a prototype', head('GET / HTTP/1.1', 'host: a', '__proto__: b')],
  ])('is none with %s', (_, text) => {
    expect(plainHead(text)).toBeUndefined();
  });

  it('takes time in step with its length, whatever it holds', () => {
    const began = performance.now();
    for (const filler of [' ', '\t', ':', 'a', '\r']) {
      expect(plainHead(`GET / HTTP/1.1\r\nhost: a\r\nb:${filler.repeat(1_000_000)}\0\r\n`)).toBeUndefined();
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('is never read otherwise than node:http reads it', async () => {
    const seen: object[] = [];
    const server = createServer((request, response) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const ask = (text: string) =>
      new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(`${text}\r\n`));
        socket.once('data', () => socket.destroy());
        socket.on('error', () => {});
        socket.once('close', () => resolve());
      });
    const piece = fc.oneof(
      fc.constantFrom('host: a', 'Host:b', 'a: b', 'A:', 'cookie: x', 'content-length: 0', 'b : c', ' c', 'd:\te\t '),
      fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    );
    const line = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('GET /a?b HTTP/1.1', 'DELETE /%2F//x HTTP/1.1') },
      fc.string({ unit: 'binary-ascii', maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(line, fc.array(piece, { maxLength: 5 }), async (first, rest) => {
        const text = head(first, ...rest);
        const read = plainHead(text);
        if (read === undefined) return;
        seen.length = 0;
        await ask(text);
        expect(seen).toEqual([{ method: read.method, url: read.url, headers: read.headers, raw: read.rawHeaders }]);
      }),
      { numRuns: 400 },
    );
    server.close();
    server.closeAllConnections();
  });
});
