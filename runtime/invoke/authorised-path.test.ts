import fc from 'fast-check';
import { StatusError } from '#kit/grpc/status.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ServiceInvocation } from '#proto/dapr/proto/internals/v1/service_invocation_pb.js';
import { createHttpChannel } from '../channel/http.ts';
import { readAccessList } from '../policy/acl/access-list.ts';
import { authorizer } from '../policy/acl/authorize.ts';
import { methodPath } from './direct.ts';
import { createDirectServer } from './direct-server.ts';
import { createInternalServer } from './internal-server.ts';
import type { ServeOptions } from './serve.ts';

/** A sidecar whose app is reached by a client that only notes the path it was asked for. */
function sidecar() {
  const authorised: string[] = [];
  const forwarded: string[] = [];
  const channel = createHttpChannel({
    maxConcurrency: 0,
    client: {
      async call({ path }) {
        forwarded.push(path);
        const body = { async *[Symbol.asyncIterator]() {}, bytes: async () => Buffer.alloc(0), cancel() {} };
        return { status: 200, headers: {}, body: body as never };
      },
      async [Symbol.asyncDispose]() {},
    },
  });
  const spec = { defaultAction: 'allow', policies: [] };
  const check = authorizer(readAccessList(spec, { http: true })!, () => {});
  const served: ServeOptions = {
    app: () => channel.invoke,
    authorize(call) {
      authorised.push(call.method);
      check(call, {});
    },
  };
  const peer = loopback([createInternalServer(served)]);
  const direct = createDirectServer(served);
  const { signal } = new AbortController();
  const plain = (url: string) =>
    direct({ method: 'GET', url, headers: {}, hasBody: false, signal } as never, {} as never);
  const message = (method: string) => ({ message: { method, httpExtension: { verb: 1 } } });
  /** The ways into an app that other sidecars have. */
  const ways: Record<string, (method: string) => Promise<unknown>> = {
    'a message of a daprd': (method) => peer.unary(ServiceInvocation.method.callLocal, message(method)),
    'a stream of a daprd': async (method) => {
      const request = { request: message(method) };
      const answer = peer.bidiStream(ServiceInvocation.method.callLocalStream, of(request));
      for await (const _chunk of answer);
    },
    'the form of our own sidecars': async (method) => plain(`/${methodPath(method)}`),
    'any URL in the form of our own sidecars': async (method) => plain(`/${method.replaceAll('?', '%3f')}`),
  };
  return { ways, authorised, forwarded };
}

async function* of<T>(one: T): AsyncGenerator<T> {
  yield one;
}

/** Pieces of which attacks on path checks are made. */
const piece = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '/',
    '//',
    '%2f',
    '%2F',
    '%2e%2e',
    '%252f',
    ';',
    ';x=1',
    '\\',
    '%5c',
    '%00',
    '%',
    '+',
    ' ',
  ),
  fc.constantFrom(
    'admin',
    'public',
    'ADMIN',
    'ａdmin',
    'adm\u0131n',
    '\u2215',
    '\uff0f',
    '\u202e',
    'é',
    'e\u0301',
    '*',
    '~',
    ':',
    '@',
  ),
  fc.string({ maxLength: 4 }),
);

describe('the path that is authorised', () => {
  it.each(Object.keys(sidecar().ways))('is the path that the app is asked for, whatever comes as %s', async (way) => {
    const { ways, authorised, forwarded } = sidecar();
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        authorised.length = 0;
        forwarded.length = 0;
        try {
          await ways[way]!(pieces.join(''));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(StatusError);
        }
        expect(forwarded.length).toBeLessThanOrEqual(authorised.length);
        if (forwarded.length === 0) return;
        passed++;
        const asApp = new URL(forwarded[0]!, 'http://app');
        expect(asApp.search).toBe('');
        expect(decodeURIComponent(asApp.pathname)).toBe(`/${authorised[0]!.replace(/^\//, '')}`);
        expect(authorised[0]!.split('/')).not.toContain('..');
      }),
      { numRuns: 1_000 },
    );
    expect(passed).toBeGreaterThan(300);
  });
});
