import fc from 'fast-check';
import { grpcCode } from '#kit/errors/table.ts';
import { connect } from '#kit/grpc/client.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { callDirect } from './direct-client.ts';
import { createDirectServer } from './direct-server.ts';
import { collect, type InvokeAnswer, type InvokeCall, noAnswer, noBody } from './message.ts';
import type { ServeOptions } from './serve.ts';

type App = (call: InvokeCall, signal: AbortSignal | undefined) => Promise<Partial<InvokeAnswer>>;

const plainCall: InvokeCall = {
  method: 'pay',
  verb: 'GET',
  query: '',
  contentType: '',
  typeUrl: '',
  headers: {},
  from: 'http',
  body: noBody,
};

/** The two ends of the form, over a socket. */
async function ends(app: App, authorize?: ServeOptions['authorize']) {
  const invoke = async (call: InvokeCall, signal: AbortSignal | undefined) => ({
    ...noAnswer,
    status: 200,
    ...(await app(call, signal)),
  });
  const plain = createDirectServer({ app: () => invoke, ...(authorize && { authorize }) });
  const server = await createGrpcServer({ services: [], plain, log: silentLogger });
  const channel = connect({ target: `127.0.0.1:${await server.listen('127.0.0.1', 0)}` });
  expect(await channel.takesPlain()).toBe(true);
  return {
    server,
    call: async (call: Partial<InvokeCall>, signal?: AbortSignal) => {
      const answer = await callDirect(channel, { ...plainCall, ...call }, signal);
      return { ...answer, body: String(await collect(answer.body)) };
    },
    async [Symbol.asyncDispose]() {
      await channel[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe('a call between two of our own sidecars', () => {
  it('passes verb, path, query, headers and body, and what the app answers', async () => {
    const seen: InvokeCall[] = [];
    await using at = await ends(async (call) => {
      seen.push({ ...call, body: await collect(call.body) });
      return {
        status: 409,
        contentType: 'text/plain',
        headers: { 'x-app': ['1', '2'], connection: 'x-hop', 'x-hop': '1', 'content-length': '99' },
        body: Buffer.from('paid'),
      };
    });
    const answer = await at.call({
      method: 'a b/ü',
      verb: 'PATCH',
      query: 'q=%20',
      contentType: 'text/x',
      headers: { 'x-own': 'y', te: 'trailers', host: 'other', 'content-length': '3' },
      body: Buffer.from('coins'),
    });
    expect(seen[0]).toMatchObject({
      method: 'a b/ü',
      verb: 'PATCH',
      query: 'q=%20',
      contentType: 'text/x',
      from: 'http',
    });
    expect(seen[0]!.headers).toMatchObject({ 'x-own': 'y', 'content-length': '5' });
    expect(seen[0]!.headers).not.toHaveProperty('te');
    expect(String(seen[0]!.body)).toBe('coins');
    expect(answer).toMatchObject({ status: 409, contentType: 'text/plain', body: 'paid' });
    expect(answer.headers).toMatchObject({ 'x-app': ['1', '2'], 'content-length': '4' });
    expect(answer.headers).not.toHaveProperty('x-hop');
  });

  it('gives the metadata of gRPC callers as such', async () => {
    const seen: InvokeCall[] = [];
    await using at = await ends(async (call) => {
      seen.push(call);
      return {};
    });
    await at.call({
      verb: 'POST',
      from: 'grpc',
      typeUrl: 'type/x',
      headers: { 'content-type': 'application/grpc', a: 'b' },
    });
    expect(seen[0]).toMatchObject({ from: 'grpc', typeUrl: 'type/x', headers: { a: 'b' } });
    expect(Object.keys(seen[0]!.headers).filter((name) => name.startsWith('outrigger-'))).toEqual([]);
  });

  it('streams both ways', async () => {
    await using at = await ends(async ({ body }) => ({ body }));
    const pieces = async function* () {
      for (let i = 0; i < 20; i++) yield Buffer.alloc(50_000, 'x');
    };
    expect((await at.call({ verb: 'POST', body: pieces() })).body.length).toBe(1_000_000);
    expect((await at.call({ verb: 'POST', body: Buffer.alloc(1_000_000) })).body.length).toBe(1_000_000);
  });

  it('tells how long a body is that streams, where its sender knows', async () => {
    const seen: (number | undefined)[] = [];
    await using at = await ends(async ({ body, bodyBytes }) => {
      seen.push(bodyBytes);
      await collect(body);
      return {};
    });
    const pieces = async function* () {
      yield Buffer.alloc(100_000);
    };
    await at.call({ verb: 'POST', body: Buffer.alloc(100_000) });
    await at.call({ verb: 'POST', body: pieces() });
    expect(seen).toEqual([100_000, undefined]);
  });

  it('ends with the status that the sidecar gives in place of an answer', async () => {
    await using at = await ends(
      async () => {
        throw new Error('refused');
      },
      ({ method }) => {
        if (method === 'secret') throw new StatusError(grpcCode.PERMISSION_DENIED, 'denied: 100 % sure');
      },
    );
    await expect(at.call({ method: 'secret' })).rejects.toMatchObject({ code: 7, message: 'denied: 100 % sure' });
    await expect(at.call({ method: 'a/../secret' })).rejects.toMatchObject({ code: 7 });
    await expect(at.call({ method: 'pay' })).rejects.toMatchObject({
      code: 13,
      message: 'error invoking app channel: refused',
    });
  });

  it('does not take an app for its sidecar', async () => {
    await using at = await ends(async () => ({ headers: { 'outrigger-status': '7', 'grpc-status': '7', a: 'b' } }));
    expect(await at.call({})).toMatchObject({ status: 200, headers: { a: 'b' } });
  });

  it('is given up at the other side too', async () => {
    const left = Promise.withResolvers<void>();
    await using at = await ends((_call, signal) => {
      signal?.addEventListener('abort', () => left.resolve());
      return new Promise(() => {});
    });
    const abort = new AbortController();
    const call = at.call({}, abort.signal);
    setImmediate(() => abort.abort());
    await expect(call).rejects.toMatchObject({ code: grpcCode.CANCELLED });
    await left.promise;
  });

  it('is unavailable once the sidecar is gone', async () => {
    await using at = await ends(async () => ({}));
    await at.call({});
    await at.server[Symbol.asyncDispose]();
    await expect(at.call({ verb: 'POST' })).rejects.toMatchObject({ code: grpcCode.UNAVAILABLE });
  });

  it('authorises and forwards exactly the path that was sent, whatever is in it', async () => {
    const authorised: string[] = [];
    await using at = await ends(
      async ({ method }) => ({ body: Buffer.from(method) }),
      ({ method }) => void authorised.push(method),
    );
    const part = fc.constantFrom(
      'a',
      '..',
      '.',
      '%2e%2e',
      '%2f',
      '%',
      ';x',
      ' ',
      'ü',
      '\u{1f600}',
      '\\',
      '"',
      '+',
      '//',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        const { body } = await at.call({ method: parts.join('/') });
        expect(body).toBe(authorised.at(-1));
        expect(body.split('/')).not.toContain('..');
      }),
    );
  });
});

describe('a sidecar that speaks gRPC only', () => {
  it('does not take this form, nor does one that is not there', async () => {
    const server = await createGrpcServer({ services: [], log: silentLogger });
    const target = `127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
    await using channel = connect({ target });
    expect(await channel.takesPlain()).toBe(false);
    await server[Symbol.asyncDispose]();
    await using again = connect({ target });
    expect(await again.takesPlain()).toBe(false);
    await expect(callDirect(again, plainCall, undefined)).rejects.toMatchObject({ code: grpcCode.UNAVAILABLE });
  });
});
