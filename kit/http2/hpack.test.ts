import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { preface } from '#kit/http/preface.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Http2Connection } from './connection.ts';
import { type Headers, HpackDecoder, HpackError } from './hpack-decoder.ts';
import { encodeHeaders } from './hpack-encoder.ts';

const decoder = () => new HpackDecoder(64 * 1024);
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const name = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
  .filter((text) => !['connection', 'te', 'upgrade'].includes(text));
const value = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ~!%,;="/'), maxLength: 200 }).map((text) => text.trim());

describe('HPACK', () => {
  it("reads the examples of RFC 7541, appendix C.4, and keeps the table's entries for the next block", () => {
    const from = decoder();
    const first = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' };
    expect(from.decode(bytes('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).headers).toEqual(first);
    expect(from.decode(bytes('8286 84be 5886 a8eb 1064 9cbf')).headers).toEqual({
      ...first,
      'cache-control': 'no-cache',
    });
    expect(from.decode(bytes('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).headers).toEqual({
      ...first,
      ':scheme': 'https',
      ':path': '/index.html',
      'custom-key': 'custom-value',
    });
  });

  it('answers the same bytes alike only while the table is the same', () => {
    const from = decoder();
    from.decode(bytes('40 01 61 01 31'));
    expect(from.decode(bytes('be')).headers).toEqual({ a: '1' });
    expect(from.decode(bytes('be')).headers).toEqual({ a: '1' });
    from.decode(bytes('40 01 62 01 32'));
    expect(from.decode(bytes('be')).headers).toEqual({ b: '2' });
  });

  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), (headers) => {
        expect(decoder().decode(encodeHeaders({ ':status': 200, ...headers })).headers).toEqual({
          ':status': '200',
          ...headers,
        });
      }),
    );
  });

  it('reads each block as if it were the first, whatever came before', () => {
    const few = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'te', 'x-long'),
      fc.constantFrom('', '1', '22', 'trailers'),
    );
    const long = fc.constantFrom(undefined, 'x'.repeat(250), 'x'.repeat(300));
    fc.assert(
      fc.property(fc.array(fc.tuple(few, long)), (blocks) => {
        const one = decoder();
        for (const [headers, text] of blocks) {
          const block = encodeHeaders({ ':path': '/a' }, { ...headers, text });
          expect(one.decode(block)).toEqual(decoder().decode(block));
        }
      }),
    );
  });

  it('reads any bytes, or refuses them', () => {
    const from = decoder();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (block) => {
        try {
          from.decode(Buffer.from(block));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(HpackError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a name in capitals', '00 01 41 01 62'],
    ['a pseudo-header behind others', '00 01 61 01 62 84'],
    ['a pseudo-header twice', '84 84'],
    ['a pseudo-header that nobody knows', '00 02 3a61 01 62'],
    ['a header of the connection', '00 0a 636f6e6e656374696f6e 01 62'],
    ['a line break in a value', '00 01 61 01 0a'],
  ])('finds fault with %s', (_, hex) => {
    expect(decoder().decode(bytes(hex)).problem).toMatch(/not allowed/);
  });

  it('refuses numbers without end, text that is cut off, entries that are not there, and wrong padding', () => {
    for (const hex of ['ff ffffffffffff', '00 05 61', 'fe', '3f e2 ff', '00 01 61 81 00', '00 01 61 84 ffffffff']) {
      expect(() => decoder().decode(bytes(hex))).toThrow(HpackError);
    }
  });

  it('keeps no more headers than allowed, and goes on in step with the table', () => {
    const from = new HpackDecoder(100);
    expect(from.decode(encodeHeaders({ a: 'x'.repeat(100) })).problem).toMatch(/too large/);
    from.decode(bytes(`40 01 61 78 ${'62'.repeat(120)}`));
    expect(from.decode(bytes('be')).problem).toMatch(/too large/);
  });

  it('refuses to write what no header may hold', () => {
    expect(() => encodeHeaders({ a: 'b\r\nc: d' })).toThrow(TypeError);
    expect(() => encodeHeaders({ 'a b': 'c' })).toThrow(TypeError);
    expect(() => encodeHeaders({ a: ['b', '\0'] })).toThrow(TypeError);
  });

  it('writes names in lower case, lists field by field, and what is no single byte as UTF-8', () => {
    const headers = { 'X-Name': 'é', list: ['a', 'b'], wide: '€'.repeat(30), none: undefined };
    const utf8 = Buffer.from('€'.repeat(30)).toString('latin1');
    expect(decoder().decode(encodeHeaders(headers)).headers).toEqual({ 'x-name': 'é', list: 'a, b', wide: utf8 });
  });

  it("reads what node:http2's encoder writes, request after request", async () => {
    const seen: Headers[] = [];
    const server = createServer((socket) => {
      const connection = new Http2Connection(socket, {
        ...{ maxHeaderBytes: 64 * 1024, maxStreams: 100, streamWindow: 65_535, connectionWindow: 65_535 },
        accept(stream, headers) {
          seen.push(headers);
          stream.headers(encodeHeaders({ ':status': 204, echo: headers['x-same'] ?? '' }), true);
        },
        closed: () => {},
      });
      let skip = preface.length;
      socket.on('data', (chunk: Buffer) => {
        const skipped = Math.min(skip, chunk.length);
        skip -= skipped;
        connection.read(chunk.subarray(skipped));
      });
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const session = connectHttp2(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
    const ask = (headers: Record<string, string>) =>
      new Promise<unknown>((resolve, reject) => {
        const stream = session.request({ ':path': '/', ...headers });
        stream.on('response', (answer) => resolve(answer['echo']));
        stream.on('error', reject);
        stream.resume();
      });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          name.map((text) => `x-${text}`),
          value,
          { maxKeys: 8 },
        ),
        async (headers) => {
          const sent = { ...headers, 'x-same': 'same' };
          expect(await ask(sent)).toBe('same');
          expect(seen.pop()).toMatchObject(sent);
        },
      ),
      { numRuns: 300 },
    );
    session.destroy();
    server.close();
  });
});
