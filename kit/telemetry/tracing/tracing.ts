import { randomFillSync } from 'node:crypto';
import type { TraceContext } from './trace-context.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export type SpanAttributes = Readonly<Record<string, string>>;

/** A span that has ended and was sampled. Times in ms since 1970. */
export type FinishedSpan = {
  name: string;
  kind: SpanKind;
  context: TraceContext;
  parentSpanId: string | undefined;
  startMs: number;
  endMs: number;
  attributes: SpanAttributes;
  /** What went wrong; undefined for a span that went well. */
  error: string | undefined;
};

/** A piece of work in a trace. Only `context` costs anything where it is not sampled. */
export type Span = {
  readonly context: TraceContext;
  /** Whether attributes are worth gathering. */
  readonly sampled: boolean;
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  end(error?: string): void;
};

export type Tracing = {
  /** Starts a span below the parent, or a new trace without one. */
  start(name: string, kind: SpanKind, parent: TraceContext | undefined): Span;
  /** How it samples, in the words that Dapr logs. */
  description: string;
};

export type TracingOptions = {
  /** Share of new traces that are sampled, 0 to 1; a trace that comes in keeps its decision. */
  ratio: number;
  /** Takes the sampled spans; none: nothing is ever sampled here, contexts are passed on. */
  record?: ((span: FinishedSpan) => void) | undefined;
  /** No part is taken in the traces of others: a context that comes in is passed on as it is. */
  aside?: boolean;
  now?: () => number;
  fill?: (bytes: Buffer) => void;
};

/** Makes the tracer of a process. */
export function createTracing(options: TracingOptions): Tracing {
  const { ratio, record } = options;
  const now = options.now ?? Date.now;
  const id = idSource(options.fill ?? randomFillSync);
  return {
    description: describeSampler(ratio),
    start(name, kind, parent) {
      if (parent !== undefined && options.aside) return unsampledSpan(parent);
      const traceId = parent?.traceId ?? id(16);
      const sampled = parent === undefined ? sampledByRatio(traceId, ratio) : parent.sampled;
      const context: TraceContext = { traceId, spanId: id(8), sampled, state: parent?.state };
      if (!sampled || record === undefined) return unsampledSpan(context);
      return sampledSpan({ name, kind, context, parentSpanId: parent?.spanId, startMs: now() }, record, now);
    },
  };
}

function unsampledSpan(context: TraceContext): Span {
  return { context, sampled: false, rename: nothing, set: nothing, end: nothing };
}

function nothing(): void {}

type Begun = Pick<FinishedSpan, 'name' | 'kind' | 'context' | 'parentSpanId' | 'startMs'>;

function sampledSpan(begun: Begun, record: (span: FinishedSpan) => void, now: () => number): Span {
  let { name } = begun;
  let attributes: SpanAttributes = {};
  let ended = false;
  return {
    context: begun.context,
    sampled: true,
    rename(next) {
      name = next;
    },
    set(more) {
      attributes = { ...attributes, ...more };
    },
    end(error) {
      if (ended) return;
      ended = true;
      record({ ...begun, name, attributes, endMs: now(), error });
    },
  };
}

/** Random IDs as hex, drawn from a pool so that a span costs no system call of its own. */
function idSource(fill: (bytes: Buffer) => void): (bytes: number) => string {
  const pool = Buffer.alloc(4_096);
  let used = pool.length;
  return (bytes) => {
    if (used + bytes > pool.length) {
      fill(pool);
      used = 0;
    }
    used += bytes;
    return pool.toString('hex', used - bytes, used);
  };
}

/** The decision every tracer makes for a trace ID at a ratio: its last 8 bytes, halved, below the ratio of 2^63. */
function sampledByRatio(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  if (ratio <= 0) return false;
  const top = Number.parseInt(traceId.slice(16, 28), 16) / 2 ** 48;
  return top < ratio;
}

function describeSampler(ratio: number): string {
  const root = ratio >= 1 ? 'AlwaysOnSampler' : `TraceIDRatioBased{${Math.max(0, ratio)}}`;
  const rest = 'remoteParentSampled:AlwaysOnSampler,remoteParentNotSampled:AlwaysOffSampler';
  return `ParentBased{root:${root},${rest},localParentSampled:AlwaysOnSampler,localParentNotSampled:AlwaysOffSampler}`;
}

/** The ratio in a Configuration's `tracing.samplingRate`; what is no number is Dapr's default of one in 10,000. */
export function parseSamplingRate(text: string | undefined): number {
  const ratio = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isNaN(ratio) ? 1e-4 : ratio;
}
