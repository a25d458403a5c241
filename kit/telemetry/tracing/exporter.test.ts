import { createServer, type IncomingHttpHeaders } from 'node:http';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import { listen } from '#kit/http/listen.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { openSpanSink } from './exporter.ts';
import { deliverToAll, openOtlpHttp, openStdout, openZipkin } from './otlp.ts';
import type { FinishedSpan } from './tracing.ts';

const span: FinishedSpan = {
  name: 'GetState',
  kind: 'client',
  context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: undefined },
  parentSpanId: 'c'.repeat(16),
  startMs: 1_000.5,
  endMs: 1_002,
  attributes: { 'dapr.protocol': 'http', 'net.peer.name': 'till' },
  error: 'boom',
};

describe('a span sink', () => {
  const received: { path: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ path: request.url!, headers: request.headers, body: Buffer.concat(chunks) });
    response.end();
  });
  let address = '';
  beforeAll(async () => {
    address = `127.0.0.1:${await listen(server, 'a collector', '127.0.0.1', 0)}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('delivers what is left when it is disposed of, to every transport', async () => {
    const lines: string[] = [];
    const transports = [
      await openOtlpHttp({ endpoint: address, secure: false, headers: { 'x-key': 'k' }, timeoutMs: 5_000 }),
      openZipkin(`http://${address}/api/v2/spans`),
      openStdout((line) => lines.push(line)),
    ];
    const sink = await openSpanSink(
      deliverToAll(transports),
      { serviceName: 'shop', attributes: 'env=test' },
      silentLogger,
    );
    sink.record(span);
    await sink[Symbol.asyncDispose]();
    const otlp = received.find((one) => one.path === '/v1/traces')!;
    expect(otlp.headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'x-key': 'k' });
    expect(otlp.body.includes(Buffer.from('GetState'))).toBe(true);
    const zipkin = JSON.parse(received.find((one) => one.path === '/api/v2/spans')!.body.toString());
    expect(zipkin).toEqual([
      {
        traceId: span.context.traceId,
        id: span.context.spanId,
        parentId: span.parentSpanId,
        name: 'GetState',
        kind: 'CLIENT',
        timestamp: 1_000_500,
        duration: 1_500,
        localEndpoint: { serviceName: 'shop' },
        remoteEndpoint: { serviceName: 'till' },
        tags: {
          env: 'test',
          'service.name': 'shop',
          'dapr.protocol': 'http',
          'net.peer.name': 'till',
          'otel.scope.name': 'dapr-diagnostics',
          'otel.status_code': 'ERROR',
          error: 'boom',
        },
      },
    ]);
    expect(JSON.parse(lines[0]!)).toEqual(zipkin[0]);
  });

  it('loads the protobuf encoder of OTLP, whose JSON twin says the same', () => {
    expect(JsonTraceSerializer.serializeRequest([])).toBeDefined();
  });
});
