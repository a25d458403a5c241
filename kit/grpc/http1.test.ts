import { leavingHeader } from '#kit/http/accepted.ts';
import { connectHttp } from '#kit/http/client.ts';
import type { HttpHandler } from '#kit/http/message.ts';
import { createHttpServer } from '#kit/http/server.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { privateKeyPem } from '#kit/pki/key.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import { connect } from './client.ts';
import { createGrpcServer } from './server.ts';
import { interopService } from './testing/interop-service.ts';

const root = await makeRoot('test', { now: new Date(), ttlMs: 3_600_000, skewMs: 60_000 });
const material = { cert: certificatesPem([root.certificate]), key: privateKeyPem(root.key) };
const page: HttpHandler = async (request) => ({ status: 200, body: `${request.url} ${await request.read()}` });

/** A gRPC server whose connections of HTTP/1.1 an HTTP server takes. */
async function both(secure: boolean, handle = page) {
  const http = createHttpServer({ handle, log: silentLogger, h2c: false });
  const tls = secure ? { tls: { material: () => material } } : {};
  const grpc = await createGrpcServer({
    services: [interopService()],
    log: silentLogger,
    http1: http.accept,
    ...tls,
  });
  const port = await grpc.listen('127.0.0.1', 0);
  const origin = `${secure ? 'https' : 'http'}://127.0.0.1:${port}`;
  const client = await connectHttp({ origin, tls: { insecure: true } });
  const channel = connect({
    target: `127.0.0.1:${port}`,
    ...(secure ? { tls: { material: () => ({}), insecure: true } } : {}),
  });
  return {
    ...{ http, client, channel },
    get: async (path: string, body?: Buffer) => {
      const response = await client.call({ method: body ? 'POST' : 'GET', path, body });
      return { status: response.status, text: String(await response.body.read(1_000_000)) };
    },
    async [Symbol.asyncDispose]() {
      for (const one of [client, channel, http, grpc]) await one[Symbol.asyncDispose]();
    },
  };
}

describe.each([false, true])('a port for gRPC and HTTP/1.1, TLS %s', (secure) => {
  it('serves both', async () => {
    await using at = await both(secure);
    expect(await at.get('/a')).toEqual({ status: 200, text: '/a ' });
    expect(await at.channel.unary(TestService.method.emptyCall, {})).toMatchObject({});
    expect((await at.get('/b', Buffer.alloc(200_000, 'b'))).text).toMatch(/^\/b b{200000}$/);
    expect(await at.get('/c')).toEqual({ status: 200, text: '/c ' });
  });

  it('lets a request under way end when it is drained, and tells idle connections', async () => {
    const waiting: (() => void)[] = [];
    await using at = await both(secure, () => new Promise((resolve) => waiting.push(() => resolve({ status: 204 }))));
    const slow = at.get('/slow');
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const drained = at.http.drain(60_000);
    waiting[0]!();
    expect((await slow).status).toBe(204);
    await drained;
  });
});

describe('a connection that was idle when its server was drained', () => {
  it('is told that what crossed is not served', async () => {
    let served = 0;
    await using at = await both(false, () => {
      served += 1;
      return { status: 204 };
    });
    await at.get('/');
    const drained = at.http.drain(60_000);
    // Sent before the farewell can have been read.
    const { status, headers } = await at.client.call({ method: 'GET', path: '/' });
    expect([status, headers[leavingHeader], served]).toEqual([408, 'true', 1]);
    await drained;
  });
});
