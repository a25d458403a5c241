import { formatTraceparent, parseTraceBin } from '#kit/telemetry/tracing/trace-context.ts';
import type { Context } from '../operation.ts';

/** The trace a call belongs to: its header as it came where the door made no span, else the door's; both empty for none. */
export function callTrace({ trace, headers }: Pick<Context, 'headers' | 'trace'>): { parent: string; state: string } {
  const first = (name: string) => {
    const value = headers[name];
    return typeof value === 'string' ? value : value?.[0];
  };
  const header = first('traceparent');
  if (trace && !header?.startsWith(`00-${trace.traceId}-${trace.spanId}-`)) {
    return { parent: formatTraceparent(trace), state: trace.state ?? '' };
  }
  const binary = first('grpc-trace-bin');
  const context = binary === undefined ? undefined : parseTraceBin(Buffer.from(binary, 'base64'));
  return { parent: header ?? (context && formatTraceparent(context)) ?? '', state: first('tracestate') ?? '' };
}
