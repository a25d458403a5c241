import type { CallWatch } from '#kit/grpc/call.ts';
import type { Metadata } from '#kit/grpc/transport.ts';
import type { TraceContext } from '#kit/telemetry/tracing/trace-context.ts';
import type { Context } from '../../blocks/operation.ts';

/** The part of a gRPC call that handlers need. */
export type GrpcCall = {
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  /** Sent before the first message. */
  readonly responseHeaders?: Record<string, string | readonly string[]>;
  readonly requestBytes: number;
  /** Told how large the answer is. */
  watch: CallWatch | undefined;
};

/** A gRPC call as handlers see it. Signal and metadata are made when first asked for. */
export class GrpcContext implements Context {
  readonly jsonValues = false;
  component: unknown;
  readonly trace: TraceContext | undefined;
  readonly #call: GrpcCall;

  constructor(call: GrpcCall, trace?: TraceContext) {
    this.#call = call;
    this.trace = trace;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get headers(): Context['headers'] {
    return this.#call.metadata;
  }
}
