import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { implement } from '#kit/grpc/service.ts';
import { createHttpServer } from '#kit/http/server.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { privateKeyPem } from '#kit/pki/key.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { AppCallback } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import type { AppConfig } from '../config.ts';
import { callOf, collect } from '../invoke/message.ts';
import { startApp } from './app-channel.ts';

const root = await makeRoot('self-signed', { now: new Date(), ttlMs: 3_600_000, skewMs: 60_000 });
const tls = { cert: certificatesPem([root.certificate]), key: privateKeyPem(root.key) };

type Served = AsyncDisposable & { port: number };

/** An app that answers how it was called and with what, and answers no one in clear text where it speaks TLS. */
const apps: Readonly<Record<AppConfig['protocol'], () => Promise<Served>>> = {
  http: () => http(false),
  h2c: () => http(true),
  async https() {
    const server = createServer({ ...tls, keepAliveTimeout: 1 }, async (request, response) => {
      response.end(`HTTPS/${request.httpVersion} ${Buffer.concat(await request.toArray())}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      port: (server.address() as AddressInfo).port,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        server.close();
      },
    };
  },
  grpc: () => grpc(false),
  grpcs: () => grpc(true),
};

async function http(h2c: boolean): Promise<Served> {
  const server = createHttpServer({
    log: silentLogger,
    h2c,
    handle: async (request) => ({ status: 200, body: `HTTP/${request.httpVersion} ${await request.read()}` }),
  });
  const port = await server.listen('127.0.0.1', 0);
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

async function grpc(secure: boolean): Promise<Served> {
  const callback = implement(AppCallback, {
    onInvoke: ({ data }) => ({
      data: { typeUrl: '', value: Buffer.from(`gRPC ${Buffer.from(data?.value ?? [])}`) },
    }),
  });
  const server = await createGrpcServer({
    services: [callback],
    log: silentLogger,
    ...(secure && { tls: { material: () => tls } }),
  });
  const port = await server.listen('127.0.0.1', 0);
  return { port, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe('an app', () => {
  it.each<[AppConfig['protocol'], string]>([
    ['http', 'HTTP/1.1 coins'],
    ['h2c', 'HTTP/2.0 coins'],
    ['https', 'HTTPS/1.1 coins'],
    ['grpc', 'gRPC coins'],
    ['grpcs', 'gRPC coins'],
  ])('that speaks %s is called so, whoever signed its certificate', async (protocol, answered) => {
    await using served = await apps[protocol]();
    await using stack = new AsyncDisposableStack();
    const settings = { port: served.port, protocol, channelAddress: '127.0.0.1' };
    const app = await startApp({
      app: { ...settings, maxConcurrency: 0, health: undefined, token: '' },
      ...{ maxBodyBytes: 1_000, pipeline: undefined, metrics: undefined, log: silentLogger },
      ...{ clock: systemClock, signal: new AbortController().signal, stack },
    });
    await app.ready;
    const answer = await app.channel()!.invoke(callOf('POST', '/pay', {}, Buffer.from('coins')), undefined);
    expect(String(await collect(answer.body))).toBe(answered);
  });
});
