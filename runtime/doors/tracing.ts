import { STATUS_CODES } from 'node:http';
import type { ComponentKind } from '#contracts/component.ts';
import { checkBaggage } from '#kit/telemetry/tracing/baggage.ts';
import {
  formatTraceparent,
  parseTraceBin,
  parseTraceparent,
  type TraceContext,
} from '#kit/telemetry/tracing/trace-context.ts';
import type { Span, SpanAttributes, Tracing } from '#kit/telemetry/tracing/tracing.ts';

import type { Operation } from '../blocks/operation.ts';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const first = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return value === undefined || typeof value === 'string' ? value : value[0];
};

/** The trace that headers or metadata carry, in whichever form. */
function incomingTrace(headers: Headers): TraceContext | undefined {
  const found = parseTraceparent(first(headers, 'traceparent'), first(headers, 'tracestate'));
  if (found) return found;
  const bin = first(headers, 'grpc-trace-bin');
  return bin === undefined ? undefined : parseTraceBin(Buffer.from(bin, 'base64'));
}

/** The caller's baggage, undefined without any. Throws `bad-request` for one that cannot be read. */
export function incomingBaggage(headers: Headers): string | undefined {
  const baggage = first(headers, 'baggage');
  if (!baggage) return undefined;
  checkBaggage(baggage);
  return baggage;
}

/** Starts the span of a call at a door, below the caller's. */
export function startCallSpan(tracing: Tracing, name: string, headers: Headers): Span {
  return tracing.start(name, 'client', incomingTrace(headers));
}

/** What an answer carries of the trace. */
export function answerHeaders({ context }: Span): Record<string, string> {
  const traceparent = formatTraceparent(context);
  return context.state === undefined ? { traceparent } : { traceparent, tracestate: context.state };
}

/** Sets what a sampled span tells: what was asked and how it ended, and the caller's own `dapr-*` headers. */
export function describeCall(span: Span, headers: Headers, about: SpanAttributes): void {
  if (!span.sampled) return;
  const own = Object.keys(headers)
    .filter((name) => name.startsWith('dapr-') && name !== 'dapr-api-token')
    .map((name) => [name, first(headers, name) ?? '']);
  span.set({ ...Object.fromEntries(own), ...about });
}

/** What a span tells of an HTTP request, under Dapr's names. */
export function httpAttributes({ method, url }: { method: string; url: string }, status: number): SpanAttributes {
  const mark = url.indexOf('?');
  return {
    'dapr.api': `${method} ${mark < 0 ? url : url.slice(0, mark)}`,
    'dapr.protocol': 'http',
    'dapr.status_code': String(status),
    'http.request.method': method,
    'url.full': url,
  };
}

/** What a span tells of a gRPC call, under Dapr's names. */
export const grpcAttributes = (path: string, status: number): SpanAttributes => ({
  'dapr.api': path,
  'dapr.protocol': 'grpc',
  'dapr.status_code': String(status),
});

/** What these kinds of components are to OpenTelemetry's conventions for databases, as Dapr has them. */
const systems: Partial<Record<ComponentKind, string>> = {
  state: 'state',
  secretstores: 'secrets',
  bindings: 'bindings',
};

/** What a span tells of the component an operation uses: `request` holds the fields that name it. */
export function componentAttributes(uses: Operation['component'], request: object, statement: string): SpanAttributes {
  if (uses === undefined) return {};
  const { category } = uses.kind;
  if (category === 'pubsub')
    return {
      'messaging.system': 'pubsub',
      'messaging.destination.name': String((request as { topic?: unknown }).topic ?? ''),
    };
  const system = systems[category];
  if (system === undefined) return {};
  const name = uses.name(request as never);
  return { 'db.system': system, 'db.name': name, 'db.statement': statement, 'db.connection_string': system };
}

/** How a span ends with an HTTP status, in Dapr's words; undefined where all went well. */
export const httpFailure = (status: number): string | undefined =>
  status < 400 ? undefined : `Code(${status}): ${STATUS_CODES[status] ?? 'Unknown'}`;
