import { type Fault, fault } from '#kit/errors/fault.ts';
import { unseen } from '#kit/errors/unseen.ts';
import type { HttpCall, HttpResponse } from '#kit/http/call.ts';
import { cancelled } from '#kit/http/exchange.ts';
import { type BodyFlow, ResponseBody } from '#kit/http/response-body.ts';
import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { connectionLost, errorCode } from '#kit/http2/protocol.ts';
import type { Http2Stream, StreamSink } from '#kit/http2/stream.ts';
import { onAbort } from '#kit/lifecycle/on-abort.ts';
import { plainBlock, plainHeader, plainHeaders } from './plain.ts';
import type { Session } from './session.ts';

export type PlainCallOptions = {
  /** Sent as `:authority`. */
  authority: string;
  /** Starts a call over, once, that the server has refused unseen. */
  again(call: PlainCall): void;
};

/** One HTTP request on a connection of gRPC. */
export class PlainCall implements StreamSink, BodyFlow {
  readonly response: Promise<HttpResponse>;
  readonly #call: HttpCall;
  readonly #options: PlainCallOptions;
  readonly #headers: Buffer;
  #resolve!: (response: HttpResponse) => void;
  #reject!: (problem: Fault) => void;
  #stream: Http2Stream | undefined;
  #answer: ResponseBody | undefined;
  #over = false;
  #repeated = false;
  #writable: (() => void) | undefined;
  #unlisten: (() => void) | undefined;

  /** Throws `TypeError` for headers that cannot be sent. */
  constructor(call: HttpCall, options: PlainCallOptions) {
    this.#call = call;
    this.#options = options;
    const { method, path, headers = {}, body, signal } = call;
    const length = Buffer.isBuffer(body) ? body.length : undefined;
    const own = { ':method': method, ':scheme': 'http', ':path': path, ':authority': options.authority };
    const stale = length !== undefined && headers['content-length'] !== undefined;
    this.#headers = plainBlock(
      { ...own, [plainHeader]: '1', 'content-length': length },
      stale ? { ...headers, 'content-length': undefined } : headers,
    );
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal === undefined) return;
    if (signal.aborted) this.abort(cancelled(signal.reason));
    else this.#unlisten = onAbort(signal, () => this.abort(cancelled(signal.reason)));
  }

  /** Sends the request, or waits for its turn to. */
  open(session: Session): void {
    if (this.#over) return;
    if (!session.open) {
      this.closed(errorCode.refusedStream);
      return;
    }
    if (session.full) {
      session.whenFree(() => this.open(session));
      return;
    }
    const { body } = this.#call;
    this.#stream = session.request(this.#headers, this, body === undefined);
    if (Buffer.isBuffer(body)) this.#stream.sendLast(body);
    else if (body !== undefined) void this.#pump(this.#stream, body);
  }

  async #pump(stream: Http2Stream, body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) {
        if (this.#over) return;
        if (!stream.send(asBuffer(chunk))) await this.#room(stream);
      }
      stream.end();
    } catch (cause) {
      this.abort(fault('cancelled', 'the body of the request broke off', { cause }));
    }
  }

  #room(stream: Http2Stream): Promise<void> {
    if (this.#over || !stream.starved) return Promise.resolve();
    return new Promise((resolve) => {
      this.#writable = resolve;
    });
  }

  /** There is no connection to call on. */
  fail(problem: Fault): void {
    if (this.#over) return;
    this.#finish();
    if (this.#answer === undefined) this.#reject(problem);
    else this.#answer.end(problem);
    this.drained();
  }

  moreHeaders(headers: Headers): void {
    if (this.#over || this.#answer !== undefined) return;
    const status = Number(headers[':status'] ?? 0);
    if (status < 200 && !this.#stream!.remoteEnded) return;
    this.#answer = new ResponseBody(this);
    this.#resolve({ status, headers: plainHeaders(headers), body: this.#answer });
  }

  data(chunk: Buffer): void {
    this.#answer?.push(chunk);
  }

  end(): void {
    if (this.#over) return;
    this.#finish();
    if (this.#answer === undefined) this.#reject(this.#problem(errorCode.protocolError));
    else this.#answer.end();
    const stream = this.#stream!;
    if (!stream.localEnded) stream.reset(errorCode.noError);
  }

  drained(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  closed(code: number): void {
    this.drained();
    if (this.#over) return;
    const { body } = this.#call;
    const whole = body === undefined || Buffer.isBuffer(body);
    if (code === errorCode.refusedStream && !this.#answer && !this.#repeated && whole) {
      this.#repeated = true;
      this.#options.again(this);
    } else this.fail(this.#problem(code));
  }

  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  abort(reason: Error): void {
    this.fail(reason as Fault);
    this.#stream?.reset(errorCode.cancel);
  }

  #problem(code: number): Fault {
    const why = code === connectionLost ? 'the connection was lost' : `HTTP/2 code ${code}`;
    const problem = fault('unavailable', `the call to ${this.#options.authority} failed: ${why}`);
    return code === errorCode.refusedStream ? unseen(problem) : problem;
  }

  #finish(): void {
    this.#over = true;
    this.#unlisten?.();
  }
}

const asBuffer = (chunk: Uint8Array): Buffer =>
  Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
