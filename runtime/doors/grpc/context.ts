import type { Metadata } from '#kit/grpc/transport.ts';
import type { Context } from '../../blocks/operation.ts';

/** The part of a gRPC call that handlers need. */
export type GrpcCall = { readonly signal: AbortSignal; readonly metadata: Metadata };

/** A gRPC call as handlers see it. Signal and metadata are made when first asked for. */
export class GrpcContext implements Context {
  readonly jsonValues = false;
  component: unknown;
  readonly #call: GrpcCall;

  constructor(call: GrpcCall) {
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get headers(): Context['headers'] {
    return this.#call.metadata;
  }
}
