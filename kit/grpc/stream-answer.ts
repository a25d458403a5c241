import type { ClientCall, ResponseSink } from './client-call.ts';
import { type Flow, FrameQueue } from './frame-queue.ts';
import type { StatusError } from './status.ts';
import type { Metadata } from './transport.ts';

/** The answer to a call that passes frames as they are. */
export type RawResponse = {
  /** The server's initial metadata; undefined when it answered a bare status. Never rejects: `frames` throws. */
  readonly headers: Promise<Metadata | undefined>;
  /** Frames, five-byte prefix included. Throws `StatusError` when the call ends other than well. */
  readonly frames: AsyncIterable<Buffer>;
  /** The server's final metadata, `grpc-status` included; empty until `frames` has ended. */
  trailers(): Metadata;
};

/** The frames of a streamed answer, and its metadata as it comes. */
export class StreamAnswer extends FrameQueue implements ResponseSink {
  readonly #headers: Promise<Metadata | undefined>;
  #came!: (headers: Metadata | undefined) => void;

  constructor(flow: Flow) {
    super(flow);
    this.#headers = new Promise((resolve) => {
      this.#came = resolve;
    });
  }

  headers(headers: Metadata): void {
    this.#came(headers);
  }

  override end(error?: StatusError): void {
    this.#came(undefined);
    super.end(error);
  }

  response(call: ClientCall): RawResponse {
    return { headers: this.#headers, frames: this, trailers: () => call.trailers };
  }
}
