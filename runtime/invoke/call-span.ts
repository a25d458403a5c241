import type { Metadata } from '#kit/grpc/transport.ts';
import type { Span, SpanAttributes, Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { describeCall } from '../doors/tracing.ts';
import { traceOf } from './headers.ts';
import type { InvokeTarget } from './target.ts';

/** The span of a call of another app, below the trace that the headers carry. */
export function startInvokeSpan(tracing: Tracing, { id, method }: InvokeTarget, headers: Metadata): Span {
  return tracing.start(`CallLocal/${id}/${method}`, 'client', traceOf(headers));
}

/** Ends it with what it tells, under Dapr's names, which only a sampled one is asked; `failure` says why there is no good answer. */
export function endInvokeSpan(
  span: Span,
  { id }: InvokeTarget,
  headers: Metadata,
  about: () => SpanAttributes,
  failure: string | undefined,
): void {
  if (span.sampled)
    describeCall(span, headers, { ...about(), 'rpc.service': 'ServiceInvocation', 'net.peer.name': id });
  span.end(failure);
}
