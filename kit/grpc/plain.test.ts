import fc from 'fast-check';
import { toFault } from '#kit/errors/fault.ts';
import { HpackDecoder } from '#kit/http2/hpack-decoder.ts';
import { encodeHeaders } from '#kit/http2/hpack-encoder.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { connect } from './client.ts';
import { plainBlock, plainHeaders } from './plain.ts';
import type { PlainHandler } from './plain-request.ts';
import { createGrpcServer } from './server.ts';

const read = (block: Buffer) => plainHeaders(new HpackDecoder(1_000_000).decode(block).headers);
const name = fc.stringMatching(/^x-[a-z0-9-]{1,20}$/);
const value = fc.string({ unit: fc.constantFrom(...'abc019 ,;="\\é'), maxLength: 40 });

describe('headers of HTTP requests beside gRPC', () => {
  it('arrive as they were sent, lists as lists', () => {
    const several = fc.array(value, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(value, several)), (headers) => {
        expect(read(plainBlock({ ':status': 200 }, headers))).toEqual({ ...headers });
      }),
    );
  });

  it('are not put upon by lists that are none', () => {
    for (const lists of [
      '{',
      '7',
      'null',
      '{"__proto__":["a"]}',
      '{"A b":["c"]}',
      '{":path":["/"]}',
      '{"a":"b"}',
      '{"a":[1]}',
    ]) {
      expect(read(encodeHeaders({ 'outrigger-repeated': lists }))).toEqual({});
    }
  });
});

async function served(plain: PlainHandler, maxReceiveBytes = 1_000) {
  const server = await createGrpcServer({ services: [], plain, log: silentLogger, maxReceiveBytes });
  const channel = connect({ target: `127.0.0.1:${await server.listen('127.0.0.1', 0)}` });
  return {
    channel,
    async [Symbol.asyncDispose]() {
      await channel[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const post = { method: 'POST', path: '/' };

describe('an HTTP request beside gRPC', () => {
  it('is refused a body over the limit, and another is served', async () => {
    await using at = await served(async (request) => {
      try {
        return { status: 200, body: await request.read() };
      } catch (thrown) {
        return { status: 413, body: toFault(thrown).key };
      }
    });
    const large = await at.channel.plain({ ...post, body: Buffer.alloc(5_000_000) });
    expect([large.status, String(await large.body.read(100))]).toEqual([413, 'too-large']);
    const small = await at.channel.plain({ ...post, body: Buffer.from('well') });
    expect([small.status, String(await small.body.read(100))]).toEqual([200, 'well']);
  });

  it('ends as failed where its handler fails, or answers what cannot be sent', async () => {
    await using at = await served((request) => {
      if (request.url === '/throw') throw new Error('no');
      return { status: 200, headers: { 'a b': 'c' } };
    });
    for (const path of ['/throw', '/bad']) {
      expect((await at.channel.plain({ method: 'GET', path })).status).toBe(500);
    }
  });

  it('tells its caller of an answer that breaks off, and its handler of a caller that leaves', async () => {
    const left = Promise.withResolvers<void>();
    await using at = await served((request) => {
      request.signal.addEventListener('abort', () => left.resolve());
      if (request.url === '/hang') return new Promise(() => {});
      const body = async function* () {
        yield Buffer.from('some');
        throw new Error('broken');
      };
      return { status: 200, body: body() };
    });
    const cut = await at.channel.plain({ method: 'GET', path: '/cut' });
    await expect(cut.body.read(100)).rejects.toMatchObject({ key: 'unavailable' });
    const abort = new AbortController();
    const hangs = at.channel.plain({ method: 'GET', path: '/hang', signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(hangs).rejects.toMatchObject({ key: 'cancelled' });
    await left.promise;
  });

  it('is sent and answered at the pace of the slower', async () => {
    let taken = 0;
    await using at = await served(async (request) => {
      for await (const chunk of request.stream) {
        taken += chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return { status: 200, body: Buffer.alloc(3_000_000) };
    });
    let ahead = 0;
    const pieces = async function* () {
      for (let sent = 0; sent < 5_000_000; sent += 100_000) {
        ahead = Math.max(ahead, sent - taken);
        yield Buffer.alloc(100_000);
      }
    };
    const answer = await at.channel.plain({ ...post, body: pieces() });
    expect(taken).toBe(5_000_000);
    expect(ahead).toBeLessThan(4_000_000);
    expect((await answer.body.read(4_000_000)).length).toBe(3_000_000);
  });
});
