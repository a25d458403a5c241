import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { grpcCode } from '#kit/errors/table.ts';
import type { Reading } from './codec.ts';
import { readableEncoding } from './compression.ts';
import { FrameParser, type FrameSink } from './frame.ts';
import { closeStatus, httpStatus } from './http-status.ts';
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

const callOf = Symbol('call');
type CallStream = ClientHttp2Stream & { [callOf]: ClientCall };

/** One call on the client, from before its stream exists to its status. Listeners are shared, state is here. */
export class ClientCall implements Reading {
  readonly maxReceiveBytes: number;
  encoding: string | undefined;
  /** What came before and after the messages. */
  headers: Metadata = {};
  trailers: Metadata = {};
  readonly #sink: ResponseSink;
  readonly #parser: FrameParser;
  readonly #options: ClientCallOptions;
  readonly #deadline: number;
  #session: ClientHttp2Session | undefined;
  #stream: ClientHttp2Stream | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;
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
    else {
      this.#onAbort = () => this.abort();
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
  }

  get over(): boolean {
    return this.#over;
  }

  /** Opens the stream; a body given here is the whole request. */
  open(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Buffer): void {
    if (this.#over) return;
    const stream = session.request(headers) as CallStream;
    this.#session = session;
    this.#stream = stream;
    stream[callOf] = this;
    stream.on('response', onResponse);
    stream.on('data', onData);
    stream.on('trailers', onTrailers);
    stream.on('end', onEnd);
    stream.on('error', onError);
    stream.on('close', onClose);
    if (this.#paused) stream.pause();
    if (body !== undefined) stream.end(body);
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
    return this.#over || this.#stream === undefined || this.#stream.write(frame);
  }

  /** Resolves when more may be sent, or the call is over. */
  writable(): Promise<void> {
    if (this.#over || !this.#stream?.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#writable = resolve;
      this.#stream?.once('drain', onDrain);
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
    this.#stream?.close(constants.NGHTTP2_CANCEL);
  }

  response(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    this.#answered = true;
    if (headers['grpc-status'] !== undefined) {
      this.trailersCame(headers);
      return;
    }
    this.encoding = headers['grpc-encoding'] as string | undefined;
    const status = httpStatus(headers) ?? this.#encodingStatus();
    if (status !== undefined) {
      this.fail(status);
      return;
    }
    this.headers = headers as unknown as Metadata;
    this.#sink.headers?.(this.headers);
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

  trailersCame(trailers: IncomingHttpHeaders): void {
    this.trailers = trailers as unknown as Metadata;
    this.#hasStatus = trailers['grpc-status'] !== undefined;
    this.#status = trailersStatus(this.trailers);
  }

  ended(): void {
    if (this.#over || !this.#hasStatus) return;
    const cut = this.#parser.partial && this.#status === undefined;
    this.#finish(cut ? new StatusError(grpcCode.INTERNAL, 'the answer ends within a message') : this.#status);
    this.#stream?.close();
  }

  drained(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  closed(): void {
    if (this.#over) this.drained();
    else if (this.#hasStatus) this.ended();
    else this.#lost();
  }

  #lost(): void {
    const code = this.#stream?.rstCode ?? constants.NGHTTP2_NO_ERROR;
    const { retry } = this.#options;
    if (code === constants.NGHTTP2_REFUSED_STREAM && !this.#answered && !this.#retried && retry !== undefined) {
      this.#retried = true;
      this.#stream = undefined;
      retry();
    } else if (code === constants.NGHTTP2_CANCEL && performance.now() > this.#deadline - serverEarlyMs) this.expired();
    else this.#finish(closeStatus(code, this.#session));
  }

  #finish(status: StatusError | undefined): void {
    this.#over = true;
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#options.signal?.removeEventListener('abort', this.#onAbort);
    this.#sink.end(status);
    this.#opened?.();
    this.drained();
  }
}

function expire(call: ClientCall): void {
  call.expired();
}
function onResponse(this: ClientHttp2Stream, headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
  (this as CallStream)[callOf].response(headers);
}
function onData(this: ClientHttp2Stream, chunk: Buffer): void {
  (this as CallStream)[callOf].data(chunk);
}
function onTrailers(this: ClientHttp2Stream, trailers: IncomingHttpHeaders): void {
  (this as CallStream)[callOf].trailersCame(trailers);
}
function onEnd(this: ClientHttp2Stream): void {
  (this as CallStream)[callOf].ended();
}
function onDrain(this: ClientHttp2Stream): void {
  (this as CallStream)[callOf].drained();
}
function onClose(this: ClientHttp2Stream): void {
  (this as CallStream)[callOf].closed();
}
function onError(): void {
  // A stream's error always ends in its close, which is where the call is told.
}
