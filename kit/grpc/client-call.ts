import { grpcCode } from '#kit/errors/table.ts';
import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { errorCode } from '#kit/http2/protocol.ts';
import type { Http2Stream, StreamSink } from '#kit/http2/stream.ts';
import { onAbort } from '#kit/lifecycle/on-abort.ts';
import type { Reading } from './codec.ts';
import { readableEncoding } from './compression.ts';
import { FrameParser, type FrameSink } from './frame.ts';
import { closeStatus, httpStatus } from './http-status.ts';
import type { Session } from './session.ts';
import { StatusError } from './status.ts';
import { longestTimerMs } from './timeout.ts';
import { trailersStatus } from './trailers.ts';
import type { Metadata } from './transport.ts';

/** The reader of a call's answer. */
export type ResponseSink = FrameSink & {
  /** The server's initial metadata; not called when the answer is a bare status. */
  headers?(headers: Metadata): void;
  /** The call is over: well, or with the status. */
  end(error?: StatusError): void;
};

export type ClientCallOptions = {
  signal: AbortSignal | undefined;
  timeoutMs: number | undefined;
  maxReceiveBytes: number;
  /** Starts the call over, once, when the server has refused it unseen. */
  retry: (() => void) | undefined;
};

/** A server that resets a call this close to its deadline does so because of it. */
const serverEarlyMs = 10;

/** One call on the client, from before its stream exists to its status. */
export class ClientCall implements Reading, StreamSink {
  readonly maxReceiveBytes: number;
  encoding: string | undefined;
  /** What came before and after the messages. */
  headers: Metadata = {};
  trailers: Metadata = {};
  readonly #sink: ResponseSink;
  readonly #parser: FrameParser;
  readonly #options: ClientCallOptions;
  readonly #deadline: number;
  #stream: Http2Stream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => void) | undefined;
  #answered = false;
  #over = false;
  #status: StatusError | undefined;
  #hasStatus = false;
  #opened: (() => void) | undefined;
  #writable: (() => void) | undefined;
  #paused = false;
  #retried = false;

  constructor(sink: ResponseSink, options: ClientCallOptions) {
    this.#sink = sink;
    this.#options = options;
    this.maxReceiveBytes = options.maxReceiveBytes;
    this.#parser = new FrameParser(options.maxReceiveBytes);
    const { signal, timeoutMs } = options;
    this.#deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    if (timeoutMs !== undefined && timeoutMs <= longestTimerMs) {
      this.#timer = setTimeout(expire, Math.max(0, timeoutMs), this);
    }
    if (signal === undefined) return;
    if (signal.aborted) this.abort();
    else this.#unlisten = onAbort(signal, () => this.abort());
  }

  get over(): boolean {
    return this.#over;
  }

  /** Opens the stream, or waits for its turn to; a body given here is the whole request. */
  open(session: Session, headers: Buffer, body?: Buffer): void {
    if (this.#over) return;
    if (!session.open) {
      this.closed(errorCode.refusedStream);
      return;
    }
    if (session.full) {
      session.whenFree(() => this.open(session, headers, body));
      return;
    }
    this.#stream = session.request(headers, this);
    if (this.#paused) this.#stream.pause();
    if (body !== undefined) this.#stream.sendLast(body);
    this.#opened?.();
  }

  /** Resolves when the stream is open or the call is over. */
  opened(): Promise<void> {
    if (this.#stream !== undefined || this.#over) return Promise.resolve();
    return new Promise((resolve) => {
      this.#opened = resolve;
    });
  }

  /** Writes one frame; false when the server reads too slowly: then await `writable`. */
  send(frame: Buffer): boolean {
    return this.#over || this.#stream === undefined || this.#stream.send(frame);
  }

  /** Resolves when more may be sent, or the call is over. */
  writable(): Promise<void> {
    if (this.#over || !this.#stream?.starved) return Promise.resolve();
    return new Promise((resolve) => {
      this.#writable = resolve;
    });
  }

  /** No further request follows. */
  sent(): void {
    if (!this.#over) this.#stream?.end();
  }

  pause(): void {
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream?.resume();
  }

  /** The reader is no longer interested. */
  cancel(): void {
    this.fail(new StatusError(grpcCode.CANCELLED, 'the call was cancelled'));
  }

  abort(): void {
    const reason: unknown = this.#options.signal?.reason;
    this.fail(new StatusError(grpcCode.CANCELLED, 'the call was cancelled', [], reason));
  }

  expired(): void {
    this.fail(new StatusError(grpcCode.DEADLINE_EXCEEDED, `no answer within ${this.#options.timeoutMs} ms`));
  }

  /** Ends the call from this side. */
  fail(status: StatusError): void {
    if (this.#over) return;
    this.#finish(status);
    this.#stream?.reset(errorCode.cancel);
  }

  moreHeaders(headers: Headers): void {
    if (this.#over) return;
    const last = this.#stream!.remoteEnded;
    if (headers['grpc-status'] !== undefined || (last && this.#answered)) this.#trailersCame(headers);
    else if (this.#answered) this.fail(new StatusError(grpcCode.INTERNAL, 'the server sent headers amid its answer'));
    else if (last || !isInterim(headers)) this.#response(headers);
  }

  #response(headers: Headers): void {
    this.#answered = true;
    this.encoding = headers['grpc-encoding'];
    const status = httpStatus(headers) ?? this.#encodingStatus();
    if (status !== undefined) {
      this.fail(status);
      return;
    }
    this.headers = headers;
    this.#sink.headers?.(headers);
  }

  #encodingStatus(): StatusError | undefined {
    if (readableEncoding(this.encoding)) return undefined;
    return new StatusError(grpcCode.INTERNAL, `grpc-encoding ${this.encoding} is not supported`);
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#parser.push(chunk, this.#sink);
    } catch (thrown) {
      this.fail(thrown as StatusError);
    }
  }

  #trailersCame(trailers: Headers): void {
    this.#answered = true;
    this.trailers = trailers;
    this.#hasStatus = trailers['grpc-status'] !== undefined;
    this.#status = trailersStatus(trailers);
  }

  end(): void {
    if (this.#over) return;
    if (!this.#hasStatus) this.#finish(closeStatus(errorCode.noError));
    else if (this.#parser.partial && this.#status === undefined) {
      this.#finish(new StatusError(grpcCode.INTERNAL, 'the answer ends within a message'));
    } else this.#finish(this.#status);
    const stream = this.#stream;
    if (stream !== undefined && !stream.localEnded) stream.reset(errorCode.noError);
  }

  drained(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  closed(code: number): void {
    if (this.#over) this.drained();
    else if (this.#hasStatus) this.end();
    else this.#lost(code);
  }

  #lost(code: number): void {
    const { retry } = this.#options;
    if (code === errorCode.refusedStream && !this.#answered && !this.#retried && retry !== undefined) {
      this.#retried = true;
      this.#stream = undefined;
      retry();
    } else if (code === errorCode.cancel && performance.now() > this.#deadline - serverEarlyMs) this.expired();
    else this.#finish(closeStatus(code));
  }

  #finish(status: StatusError | undefined): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#unlisten?.();
    this.#sink.end(status);
    this.#opened?.();
    this.drained();
  }
}

function expire(call: ClientCall): void {
  call.expired();
}

const isInterim = (headers: Headers): boolean => headers[':status']?.[0] === '1';
