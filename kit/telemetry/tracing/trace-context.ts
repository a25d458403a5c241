/** Where a span stands in its trace, as W3C Trace Context carries it. */
export type TraceContext = {
  /** 32 lower-case hex digits, not all zero. */
  traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  spanId: string;
  sampled: boolean;
  /** `tracestate` as received; passed on unread. */
  state: string | undefined;
};

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const zeroTrace = '0'.repeat(32);
const zeroSpan = '0'.repeat(16);
/** Longest `tracestate` that is passed on. */
const maxStateLength = 512;

/**
 * Reads `traceparent` (with `tracestate`, if there is one). What is not valid by the W3C's rules gives undefined: the
 * trace then starts here.
 */
export function parseTraceparent(
  traceparent: string | undefined,
  tracestate?: string | undefined,
): TraceContext | undefined {
  const match = traceparent === undefined ? null : pattern.exec(traceparent);
  if (!match) return undefined;
  const [, version, traceId, spanId, flags, rest] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string | undefined,
  ];
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (traceId === zeroTrace || spanId === zeroSpan) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, state: usable(tracestate) };
}

function usable(tracestate: string | undefined): string | undefined {
  return tracestate === undefined || tracestate === '' || tracestate.length > maxStateLength ? undefined : tracestate;
}

/** The `traceparent` of a context. */
export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? '01' : '00'}`;
}

/**
 * Reads `grpc-trace-bin`: version 0, then fields 0 (16 bytes of trace ID), 1 (8 bytes of span ID) and 2 (a byte of
 * flags). Source: OpenCensus' binary encoding, which gRPC keeps.
 */
export function parseTraceBin(bytes: Uint8Array): TraceContext | undefined {
  if (bytes.length < 29 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[18] !== 1 || bytes[27] !== 2) return undefined;
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  const [traceId, spanId] = [hex.slice(4, 36), hex.slice(38, 54)];
  if (traceId === zeroTrace || spanId === zeroSpan) return undefined;
  return { traceId, spanId, sampled: (bytes[28]! & 1) === 1, state: undefined };
}

/** The `grpc-trace-bin` of a context: 29 bytes. */
export function formatTraceBin(context: TraceContext): Buffer {
  return Buffer.from(`0000${context.traceId}01${context.spanId}02${context.sampled ? '01' : '00'}`, 'hex');
}
