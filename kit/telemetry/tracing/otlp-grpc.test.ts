import { createGrpcServer } from '#kit/grpc/server.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openSpanSink } from './exporter.ts';
import { openOtlpGrpc } from './otlp-grpc.ts';

describe('OTLP over gRPC', () => {
  it('delivers spans with the headers that were set', async () => {
    const received: { key: unknown; bytes: Buffer }[] = [];
    await using server = await createGrpcServer({
      services: [],
      log: silentLogger,
      async *unknown(frames, call) {
        for await (const bytes of frames) received.push({ key: call.metadata['x-key'], bytes });
        yield Buffer.alloc(5);
      },
    });
    const port = await server.listen('127.0.0.1', 0);
    const transport = await openOtlpGrpc({
      endpoint: `127.0.0.1:${port}`,
      secure: false,
      headers: { 'X-Key': 'k' },
      timeoutMs: 5_000,
    });
    const sink = await openSpanSink(transport, { serviceName: 'shop' }, silentLogger);
    sink.record({
      name: 'GetState',
      kind: 'client',
      context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: undefined },
      parentSpanId: undefined,
      startMs: 1,
      endMs: 2,
      attributes: {},
      error: undefined,
    });
    await sink[Symbol.asyncDispose]();
    expect(received).toHaveLength(1);
    expect(received[0]!.key).toBe('k');
    expect(received[0]!.bytes.includes(Buffer.from('GetState'))).toBe(true);
  });
});
