import { type Fault, fault } from '#kit/errors/fault.ts';
import { onAbort } from '#kit/lifecycle/on-abort.ts';
import type { HttpCall, HttpResponse } from './call.ts';
import { isIdempotent } from './idempotent.ts';
import { type BodyFlow, ResponseBody } from './response-body.ts';
import type { ResponseHead } from './response-parser.ts';

/** What an exchange needs of its connection. */
export type Carrier = { pause(): void; resume(): void; destroy(cause: Error): void };

/** Why an exchange ended early. */
export type Ending = {
  cause: Error;
  /** The server closed the connection in good order, rather than break it. */
  orderly: boolean;
  /** It had served before and nothing had come back: the server may have left before it saw the request. */
  stale: boolean;
};

export type ExchangeOptions = {
  /** For messages: whom the call is for. */
  origin: string;
  /** Ends a body that is shorter than announced where the server left, rather than reject it. */
  acceptShort: boolean;
  /** Makes a call again, on another connection, that the server may not have seen. */
  again(exchange: Exchange): void;
};

/** One call over HTTP/1.1: from before its connection is there until its answer has been read. */
export class Exchange implements BodyFlow {
  readonly method: string;
  readonly head: string;
  readonly body: HttpCall['body'];
  readonly bodyBytes: number | undefined;
  readonly response: Promise<HttpResponse>;
  readonly #options: ExchangeOptions;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (problem: Fault) => void;
  #connection: Carrier | undefined;
  #answer: ResponseBody | undefined;
  #announced = false;
  #over = false;
  #repeated = false;
  #unlisten: (() => void) | undefined;

  constructor(call: HttpCall, head: string, options: ExchangeOptions) {
    this.method = call.method;
    this.head = head;
    this.body = call.body;
    this.bodyBytes = call.bodyBytes;
    this.#options = options;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { signal } = call;
    if (signal === undefined) return;
    this.#unlisten = onAbort(signal, () => this.abort(cancelled(signal.reason)));
  }

  /** Nobody waits for it any more. */
  get over(): boolean {
    return this.#over;
  }

  /** It is on its way. */
  begin(connection: Carrier): void {
    this.#connection = connection;
  }

  answered({ status, headers }: ResponseHead): void {
    this.#announced = headers['content-length'] !== undefined;
    this.#answer = new ResponseBody(this);
    this.#resolve({ status, headers, body: this.#answer });
  }

  data(piece: Buffer): void {
    this.#answer?.push(piece);
  }

  ended(): void {
    this.#finish();
    this.#answer?.end();
  }

  /** The connection ended first. */
  failed({ cause, orderly, stale }: Ending): void {
    if (this.#over) return;
    this.#connection = undefined;
    if (
      stale &&
      !this.#repeated &&
      isIdempotent(this.method) &&
      (this.body === undefined || Buffer.isBuffer(this.body))
    ) {
      this.#repeated = true;
      this.#options.again(this);
      return;
    }
    const short = orderly && this.#announced && this.#options.acceptShort;
    this.#finish();
    if (this.#answer === undefined) this.#reject(this.#problem(cause));
    else this.#answer.end(short ? undefined : this.#problem(cause));
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  abort(reason: Fault): void {
    if (this.#over) return;
    const connection = this.#connection;
    this.#finish();
    if (this.#answer === undefined) this.#reject(reason);
    else this.#answer.end(reason);
    connection?.destroy(reason);
  }

  #problem(cause: Error): Fault {
    const { code } = cause as NodeJS.ErrnoException;
    return fault('unavailable', `the call to ${this.#options.origin} failed: ${code ?? cause.message}`, { cause });
  }

  #finish(): void {
    this.#over = true;
    this.#connection = undefined;
    this.#unlisten?.();
  }
}

export const cancelled = (cause: unknown): Fault => fault('cancelled', 'the call was cancelled', { cause });
