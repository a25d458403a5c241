import type { Metadata } from '#kit/grpc/transport.ts';
import type { Span, Tracing } from '#kit/telemetry/tracing/tracing.ts';
import { traceOf } from './headers.ts';
import { errorText } from './status.ts';
import type { InvokeTarget } from './target.ts';

/** Makes a call within its span, below the trace that the headers carry. `call` ends the span, unless it throws. */
export async function withCallSpan<T>(
  tracing: Tracing,
  { id, method }: InvokeTarget,
  headers: Metadata,
  call: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracing.start(`CallLocal/${id}/${method}`, 'client', traceOf(headers));
  try {
    return await call(span);
  } catch (thrown) {
    span.end(errorText(thrown));
    throw thrown;
  }
}
