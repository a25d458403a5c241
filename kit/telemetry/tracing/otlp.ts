import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { fault } from '#kit/errors/fault.ts';
import type { SpanTransport } from './exporter.ts';

export type OtlpSettings = {
  /** `host:port`, or a URL for HTTP. */
  endpoint: string;
  secure: boolean;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
};

/** Posts batches as protobuf to `/v1/traces` of a collector. */
export async function openOtlpHttp(settings: OtlpSettings): Promise<SpanTransport> {
  const { ProtobufTraceSerializer } = await import('@opentelemetry/otlp-transformer');
  const scheme = settings.secure ? 'https' : 'http';
  const url = settings.endpoint.includes('://') ? settings.endpoint : `${scheme}://${settings.endpoint}/v1/traces`;
  const headers = { ...settings.headers, 'content-type': 'application/x-protobuf' };
  return {
    async deliver(spans) {
      const body = ProtobufTraceSerializer.serializeRequest([...spans]) as Uint8Array<ArrayBuffer>;
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(settings.timeoutMs),
      });
      await answer.body?.cancel();
      if (!answer.ok) throw fault('unavailable', `the collector at ${url} answered ${answer.status}`);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Posts batches as Zipkin v2 JSON to the URL (`http://host:9411/api/v2/spans`). */
export function openZipkin(url: string, timeoutMs = 10_000): SpanTransport {
  return {
    async deliver(spans) {
      const body = JSON.stringify(spans.map(zipkinSpan));
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) });
      await answer.body?.cancel();
      if (!answer.ok) throw fault('unavailable', `Zipkin at ${url} answered ${answer.status}`);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const zipkinKinds = [undefined, 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

const micros = ([seconds, nanos]: readonly [number, number]) => seconds * 1e6 + Math.round(nanos / 1e3);

/** A span as Zipkin's API v2 takes it; times in microseconds. Source of the tags: OpenTelemetry's mapping to Zipkin. */
export function zipkinSpan(span: ReadableSpan): Record<string, unknown> {
  const { traceId, spanId } = span.spanContext();
  const error = span.status.code === 2 ? { error: span.status.message ?? 'true', 'otel.status_code': 'ERROR' } : {};
  const peer = span.attributes['net.peer.name'];
  return {
    traceId,
    id: spanId,
    parentId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: zipkinKinds[span.kind],
    timestamp: micros(span.startTime),
    duration: Math.max(1, micros(span.duration)),
    localEndpoint: { serviceName: span.resource.attributes['service.name'] },
    ...(span.kind === 2 && peer ? { remoteEndpoint: { serviceName: peer } } : {}),
    tags: {
      ...span.resource.attributes,
      ...span.attributes,
      'otel.scope.name': span.instrumentationScope.name,
      ...error,
    },
  };
}

/** Writes each span as a line of JSON. */
export function openStdout(write: (line: string) => unknown): SpanTransport {
  return {
    async deliver(spans) {
      for (const span of spans) write(`${JSON.stringify(zipkinSpan(span))}\n`);
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** One transport that delivers to several; fails when one of them does, after all were tried. */
export function deliverToAll(transports: readonly SpanTransport[]): SpanTransport {
  return {
    async deliver(spans) {
      const results = await Promise.allSettled(transports.map((transport) => transport.deliver(spans)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(transports.map((transport) => transport[Symbol.asyncDispose]()));
    },
  };
}
