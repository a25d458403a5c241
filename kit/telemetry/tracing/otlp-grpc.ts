import { connect } from '#kit/grpc/client.ts';
import { frame } from '#kit/grpc/frame.ts';
import type { SpanTransport } from './exporter.ts';
import type { OtlpSettings } from './otlp.ts';

const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** Sends batches to a collector over gRPC, on our own client: the SDK's would bring a second gRPC into the process. */
export async function openOtlpGrpc(settings: OtlpSettings): Promise<SpanTransport> {
  const { ProtobufTraceSerializer } = await import('@opentelemetry/otlp-transformer');
  const channel = connect({
    target: settings.endpoint.replace(/^https?:\/\//, ''),
    ...(settings.secure ? { tls: { material: () => noMaterial } } : {}),
    metadata: Object.fromEntries(Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value])),
  });
  return {
    async deliver(spans) {
      const message = frame(ProtobufTraceSerializer.serializeRequest([...spans])!);
      const answer = channel.raw(exportPath, one(message), { timeoutMs: settings.timeoutMs, waitForReady: true });
      for await (const _ of answer.frames);
    },
    [Symbol.asyncDispose]: () => channel[Symbol.asyncDispose](),
  };
}

/** The system's trust anchors, and no certificate of our own. */
const noMaterial = {};

async function* one(message: Buffer): AsyncGenerator<Buffer> {
  yield message;
}
