import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type ResponseHead, ResponseParser } from './response-parser.ts';

/** Pushes the pieces; answers the head, the body and how it ended. */
function read(pieces: readonly Buffer[], method = 'GET') {
  const parser = new ResponseParser();
  const seen = { head: undefined as ResponseHead | undefined, body: '', ended: undefined as string | undefined };
  parser.begin(method, {
    head: (head) => {
      seen.head = head;
    },
    data: (piece) => {
      seen.body += piece.toString('latin1');
    },
    end: (alone) => {
      seen.ended = alone ? 'alone' : 'more behind';
    },
  });
  for (const piece of pieces) parser.push(piece);
  return { ...seen, close: () => [parser.close(), seen.ended] };
}

const text = (...lines: string[]) => [Buffer.from(lines.join('\r\n'), 'latin1')];

describe('the response parser', () => {
  it('reads a body of announced length', () => {
    const { head, body, ended } = read(
      text('HTTP/1.1 201 Created', 'X-A: 1', 'x-a:  2 ', 'Content-Length: 4', '', 'body'),
    );
    expect(head).toEqual({ status: 201, headers: { 'x-a': ['1', '2'], 'content-length': '4' }, persistent: true });
    expect([body, ended]).toEqual(['body', 'alone']);
  });

  it('refuses more than was announced', () => {
    expect(() => read(text('HTTP/1.1 200 OK', 'content-length: 2', '', 'body'))).toThrow('belong to no response');
  });

  it('passes over interim responses, but not 101', () => {
    expect(read(text('HTTP/1.1 103 Early', 'link: x', '', 'HTTP/1.1 204 None', '', '')).head?.status).toBe(204);
    const switched = read(text('HTTP/1.1 101 Switching Protocols', 'upgrade: x', '', ''));
    expect([switched.head?.status, switched.head?.persistent, switched.ended]).toEqual([101, false, 'alone']);
  });

  it('expects no body after HEAD, whatever is announced', () => {
    expect(read(text('HTTP/1.1 200 OK', 'content-length: 10', '', ''), 'HEAD').ended).toBe('alone');
  });

  it('reads until the connection ends where no length is said', () => {
    const { head, body, close } = read(text('HTTP/1.1 200 OK', '', 'some'));
    expect([head?.persistent, body, close()]).toEqual([false, 'some', ['whole', 'alone']]);
  });

  it.each(['gzip', 'gzip, chunked', 'identity'])('refuses the transfer coding %s, which it does not undo', (coding) => {
    const coded = text('HTTP/1.1 200 OK', `transfer-encoding: ${coding}`, '', '0', '', '');
    expect(() => read(coded)).toThrow('transfer coding');
  });

  it('tells a cut body from a whole one', () => {
    expect(read(text('HTTP/1.1 200 OK', 'content-length: 9', '', 'some')).close()[0]).toBe('cut');
    expect(read(text('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '4', 'some', '')).close()[0]).toBe('cut');
  });

  it('keeps no connection that its server means to end', () => {
    const persistent = (...head: string[]) => read(text(...head, 'content-length: 0', '', '')).head?.persistent;
    expect(persistent('HTTP/1.1 200 OK', 'connection: Close')).toBe(false);
    expect(persistent('HTTP/1.0 200 OK')).toBe(false);
    expect(persistent('HTTP/1.0 200 OK', 'connection: keep-alive')).toBe(true);
    expect(persistent('HTTP/1.1 200 OK', 'transfer-encoding: chunked')).toBe(false);
  });

  it.each([
    ['a status line that is none', ['HTTP/2 200 OK', '', '']],
    ['a status line that is none', ['SSH-2.0-OpenSSH', '', '']],
    ['a blank before the colon', ['HTTP/1.1 200 OK', 'content-length : 4', '', 'body']],
    ['a folded header', ['HTTP/1.1 200 OK', 'a: b', ' c: d', '', '']],
    ['a line feed of its own', ['HTTP/1.1 200 OK', 'a: b\nc: d', '', '']],
    ['two lengths', ['HTTP/1.1 200 OK', 'content-length: 4', 'content-length: 5', '', 'body']],
    ['a negative length', ['HTTP/1.1 200 OK', 'content-length: -4', '', 'body']],
    ['a signed chunk size', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '+4', 'some', '0', '', '']],
    ['a chunk longer than its size', ['HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', '2', 'some', '0', '', '']],
    ['an endless head', ['HTTP/1.1 200 OK', `a: ${'b'.repeat(70_000)}`, '', '']],
  ])('refuses %s', (_what, lines) => {
    expect(() => read(text(...lines))).toThrow(/malformed|more than|too long|longer/);
  });

  const body = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  const chunked = (pieces: readonly Uint8Array[]) =>
    Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'),
      ...pieces.flatMap((piece) => [Buffer.from(`${piece.length.toString(16)};x=y\r\n`), piece, Buffer.from('\r\n')]),
      Buffer.from('0\r\ntrailer: 1\r\n\r\n'),
    ]);

  it('reads the same response however its bytes are cut', () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(200), { maxLength: 8 }), (pieces, cuts) => {
        const whole = chunked(pieces);
        const at = [0, ...cuts.map((cut) => cut % whole.length).sort((a, b) => a - b), whole.length];
        const parts = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        const seen = read(parts.filter((part) => part.length > 0));
        expect([seen.body, seen.ended]).toEqual([Buffer.concat(pieces).toString('latin1'), 'alone']);
      }),
    );
  });

  it('ends or throws on any bytes, and never tells of a body without a head', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (pieces) => {
        const start = Buffer.from('HTTP/1.1 200 OK\r\n');
        try {
          const seen = read([start, ...pieces.map((piece) => Buffer.from(piece))].filter((one) => one.length > 0));
          expect(seen.head !== undefined || seen.body === '').toBe(true);
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/malformed|more than|too long|longer|no response/);
        }
      }),
    );
  });
});
