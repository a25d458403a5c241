import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '#kit/log/logger.ts';
import type { FinishedSpan } from './tracing.ts';

/** Delivers batches of encoded spans; rejects when they were not taken. */
export type SpanTransport = AsyncDisposable & { deliver(spans: readonly ReadableSpan[]): Promise<void> };

export type SpanSink = AsyncDisposable & { record(span: FinishedSpan): void };

const kinds = { internal: 0, server: 1, client: 2, producer: 3, consumer: 4 } as const;

/** What Dapr's spans say made them: dashboards ask for it. */
const scope = 'dapr-diagnostics';

export type ResourceSettings = {
  serviceName: string;
  /** `OTEL_RESOURCE_ATTRIBUTES`: `k=v,k2=v2`. */
  attributes?: string | undefined;
};

/**
 * Batches finished spans and hands them to a transport. Loads the OpenTelemetry SDK, which a process that exports
 * nothing never does. What cannot be delivered is dropped and logged. Disposal delivers what is left.
 */
export async function openSpanSink(
  transport: SpanTransport,
  resource: ResourceSettings,
  log: Logger,
): Promise<SpanSink> {
  const { BatchSpanProcessor } = await import('@opentelemetry/sdk-trace');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const exporter: SpanExporter = {
    export(spans, done) {
      transport.deliver(spans).then(
        () => done({ code: 0 }),
        (error: Error) => {
          log.warn(`could not export ${spans.length} spans: ${error.message}`);
          done({ code: 1, error });
        },
      );
    },
    shutdown: async () => transport[Symbol.asyncDispose](),
  };
  const processor = new BatchSpanProcessor({ exporter, scheduledDelayMillis: 2_000 });
  const described = resourceFromAttributes({
    ...parseAttributes(resource.attributes),
    'service.name': resource.serviceName,
  });
  return {
    record: (span) => processor.onEnd(readable(span, described)),
    [Symbol.asyncDispose]: () => processor.shutdown(),
  };
}

function parseAttributes(text: string | undefined): Record<string, string> {
  const pairs = (text ?? '')
    .split(',')
    .map((pair) => pair.split('=', 2).map((part) => part.trim()) as [string, string?]);
  return Object.fromEntries(pairs.filter(([key, value]) => key !== '' && value !== undefined)) as Record<
    string,
    string
  >;
}

function readable(span: FinishedSpan, resource: ReadableSpan['resource']): ReadableSpan {
  const context = (spanId: string) => ({ traceId: span.context.traceId, spanId, traceFlags: 1 });
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => context(span.context.spanId),
    ...(span.parentSpanId === undefined
      ? {}
      : { parentSpanContext: { ...context(span.parentSpanId), isRemote: true } }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: span.error === undefined ? { code: 0 } : { code: 2, message: span.error },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: scope },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
}
