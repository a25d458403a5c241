import type { DescMessage, DescMethod, MessageShape } from '@bufbuild/protobuf';
import { grpcCode } from '#kit/errors/table.ts';
import type { ClientCall, ResponseSink } from './client-call.ts';
import { decodeFrame } from './codec.ts';
import { prefixLength } from './frame.ts';
import { StatusError } from './status.ts';

/** Awaits the one message of an answer, and the status after it. */
export class UnaryAnswer<O extends DescMessage> implements ResponseSink {
  readonly message: Promise<MessageShape<O>>;
  readonly #method: DescMethod & { output: O };
  #call: ClientCall | undefined;
  #frame: Buffer | undefined;
  #many = false;
  #resolve!: (message: MessageShape<O> | Promise<MessageShape<O>>) => void;
  #reject!: (error: unknown) => void;

  constructor(method: DescMethod & { output: O }) {
    this.#method = method;
    this.message = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Size of the answer's message as it came; 0 before. */
  get bytes(): number {
    return this.#frame === undefined ? 0 : this.#frame.length - prefixLength;
  }

  begin(call: ClientCall): void {
    this.#call = call;
  }

  frame(frame: Buffer): void {
    this.#many ||= this.#frame !== undefined;
    this.#frame = frame;
  }

  end(error?: StatusError): void {
    try {
      if (error !== undefined) throw error;
      this.#resolve(decodeFrame(this.#method.output, this.#only(), this.#call!));
    } catch (thrown) {
      this.#reject(thrown);
    }
  }

  #only(): Buffer {
    if (this.#frame !== undefined && !this.#many) return this.#frame;
    const count = this.#many ? 'several messages' : 'no message';
    throw new StatusError(grpcCode.INTERNAL, `the server answered ${count} to ${this.#method.name}`);
  }

  /** The message together with the metadata around it. */
  async whole() {
    const message = await this.message;
    return { message, headers: this.#call!.headers, trailers: this.#call!.trailers };
  }
}
