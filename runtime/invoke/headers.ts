import type { Metadata } from '#kit/grpc/transport.ts';
import {
  formatTraceBin,
  formatTraceparent,
  parseTraceBin,
  parseTraceparent,
  type TraceContext,
} from '#kit/telemetry/tracing/trace-context.ts';
import { firstOf } from './message.ts';

/** Headers of one connection: RFC 9110 7.6.1, what HTTP/2 adds, and whom it was made to. They never pass a sidecar. */
const hopByHop = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
  'trailer',
  'proxy-authorization',
  'proxy-authenticate',
]);

/** Of a body, which each hop frames and describes for itself. */
const ofBody = new Set(['content-type', 'content-length']);

const ofHopOrBody = new Set([...hopByHop, ...ofBody]);

/** What our own sidecars say to each other over HTTP. */
const ownNames = 'outrigger-';

/** Headers of HTTP which gRPC metadata may not bear as they are: they cross over with `dapr-` before them. */
const permanent = new Set(
  `accept accept-charset accept-language accept-ranges cache-control content-type cookie date expect from if-match
   if-modified-since if-none-match if-schedule-tag-match if-unmodified-since max-forwards origin pragma referer via
   warning`.split(/\s+/),
);

const traceNames = new Set(['traceparent', 'tracestate', 'grpc-trace-bin']);
const notForHttp = new Set([...ofHopOrBody, ...traceNames, 'destination-app-id']);

type Mutable = Record<string, string | string[]>;

/** Names that the Connection header of these headers gives for this hop only. */
function nominated(headers: Metadata): ReadonlySet<string> | undefined {
  const connection = headers['connection'];
  // What most peers send names no header that would be passed on.
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  const words = [connection].flat().join(',').split(',');
  return new Set(words.map((word) => word.trim().toLowerCase()));
}

/** Headers without those of one hop. */
export function withoutHop(headers: Metadata): Metadata {
  const dropped = nominated(headers);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name) && !dropped?.has(name)));
}

/** Headers without those of one hop, of the body, and of what sidecars say to each other. */
export function endToEnd(headers: Metadata): Mutable {
  const dropped = nominated(headers);
  const out: Mutable = {};
  for (const name in headers) {
    if (ofHopOrBody.has(name) || dropped?.has(name) || name.startsWith(ownNames)) continue;
    out[name] = headers[name] as string | string[];
  }
  return out;
}

/** Headers as an HTTP peer gets them: nothing of this hop, of the body, or of gRPC's own; the trace as `traceparent`. */
export function toHttpHeaders(headers: Metadata): Mutable {
  const dropped = nominated(headers);
  const out: Mutable = {};
  for (const name in headers) {
    if (notForHttp.has(name) || dropped?.has(name) || name.endsWith('-bin')) continue;
    out[reserved(name)] = headers[name] as string | string[];
  }
  const trace = traceOf(headers);
  if (trace) Object.assign(out, traceHeaders(trace));
  return out;
}

function reserved(name: string): string {
  if (name.startsWith(':')) return `dapr-${name.slice(1)}`;
  return name.startsWith('grpc-') ? `dapr-${name}` : name;
}

/**
 * Headers as a gRPC peer gets them; with `fromHttp`, HTTP's own names get `dapr-` before them, and those of one hop, or
 * that gRPC alone may set, are left out. The trace as binary.
 */
export function toGrpcMetadata(headers: Metadata, fromHttp: boolean): Mutable {
  const dropped = fromHttp ? nominated(headers) : undefined;
  const out: Mutable = {};
  for (const name in headers) {
    if (traceNames.has(name) || name === 'destination-app-id' || name.startsWith(':') || name === 'content-length')
      continue;
    if (fromHttp && (hopByHop.has(name) || dropped?.has(name) || name.startsWith('grpc-'))) continue;
    if (!fromHttp && (name === 'content-type' || name === 'te' || name === 'user-agent')) continue;
    out[fromHttp && permanent.has(name) ? `dapr-${name}` : name] = headers[name] as string | string[];
  }
  const trace = traceOf(headers);
  if (trace) Object.assign(out, traceMetadata(trace));
  return out;
}

/** The trace that headers carry, in whichever form. */
export function traceOf(headers: Metadata): TraceContext | undefined {
  const found = parseTraceparent(firstOf(headers, 'traceparent'), firstOf(headers, 'tracestate'));
  if (found) return found;
  const bin = firstOf(headers, 'grpc-trace-bin');
  return bin === undefined ? undefined : parseTraceBin(Buffer.from(bin, 'base64'));
}

/** A trace as gRPC peers and apps get it, in text and binary. */
export const traceMetadata = (trace: TraceContext): Record<string, string> => ({
  ...traceHeaders(trace),
  'grpc-trace-bin': formatTraceBin(trace).toString('base64'),
});

/** `traceparent`, and `tracestate` where there is one. */
export function traceHeaders(trace: TraceContext): Record<string, string> {
  const traceparent = formatTraceparent(trace);
  return trace.state === undefined ? { traceparent } : { traceparent, tracestate: trace.state };
}
