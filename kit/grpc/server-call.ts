import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { grpcCode } from '#kit/errors/table.ts';
import type { CallWatch, RawCall } from './call.ts';
import type { Reading } from './codec.ts';
import { acceptedEncodings } from './compression.ts';
import { FrameParser, type FrameSink, prefixLength } from './frame.ts';
import { type Peer, peerOf } from './peer.ts';
import { StatusError } from './status.ts';
import { longestTimerMs, parseTimeout } from './timeout.ts';
import { okTrailers, statusTrailers } from './trailers.ts';
import type { Metadata } from './transport.ts';

const ownHeaders = new Set(['te', 'content-type', 'grpc-timeout', 'grpc-encoding', 'grpc-accept-encoding']);

const colon = 58;

const baseHeaders = Object.freeze({
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
});
const withTrailers = Object.freeze({ waitForTrailers: true, sendDate: false });
const andEnd = Object.freeze({ endStream: true, sendDate: false });

/** The reader of a call's request frames. */
export type RequestSink = FrameSink & {
  /** The requests are complete, or, with an error, will never be. */
  end(error?: StatusError): void;
};

const callOf = Symbol('call');
type CallStream = ServerHttp2Stream & { [callOf]: ServerCall };

/** One call on the server: its HTTP/2 stream, deadline and answer. Listeners are shared, state is here. */
export class ServerCall implements RawCall, Reading {
  readonly headers: IncomingHttpHeaders & Metadata;
  readonly path: string;
  readonly maxReceiveBytes: number;
  readonly deadline: number | undefined;
  gzip: boolean;
  requestBytes = 0;
  watch: CallWatch | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #parser: FrameParser;
  #sink: RequestSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #abort: AbortController | undefined;
  #metadata: Metadata | undefined;
  #responseHeaders: Record<string, string | string[]> | undefined;
  #responseTrailers: Record<string, string | string[]> | undefined;
  #headersSent = false;
  #finished = false;
  #closed = false;
  #status: StatusError | undefined;
  #writable: (() => void) | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, maxReceiveBytes: number) {
    this.#stream = stream;
    this.headers = headers as IncomingHttpHeaders & Metadata;
    this.path = headers[':path'] ?? '';
    this.maxReceiveBytes = maxReceiveBytes;
    this.#parser = new FrameParser(maxReceiveBytes);
    this.gzip = headers['grpc-encoding'] === 'gzip';
    const timeout = headers['grpc-timeout'];
    if (typeof timeout === 'string') this.deadline = this.#startTimer(timeout);
    const own = stream as CallStream;
    own[callOf] = this;
    own.on('error', onError);
    own.on('close', onClose);
  }

  get encoding(): string | undefined {
    return this.headers['grpc-encoding'] as string | undefined;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#closed) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  get metadata(): Metadata {
    this.#metadata ??= plainMetadata(this.headers);
    return this.#metadata;
  }

  get peer(): Peer {
    return peerOf(this.#stream.session);
  }

  get responseHeaders(): Record<string, string | string[]> {
    this.#responseHeaders ??= {};
    return this.#responseHeaders;
  }

  get responseTrailers(): Record<string, string | string[]> {
    this.#responseTrailers ??= {};
    return this.#responseTrailers;
  }

  /** The call is answered, or its caller is gone. */
  get over(): boolean {
    return this.#finished || this.#closed;
  }

  header(name: string): string | undefined {
    const value = this.headers[name];
    return typeof value === 'string' ? value : value?.[0];
  }

  /** Hands the request frames to a sink, from now on. */
  receive(sink: RequestSink): void {
    this.#sink = sink;
    this.#stream.on('data', onData);
    this.#stream.on('end', onEnd);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** The handler wants no more requests: what still comes is read and dropped. */
  cancel(): void {
    this.#sink = undefined;
    this.#stream.resume();
  }

  sendHeaders(): void {
    if (this.#headersSent || this.over) return;
    this.#headersSent = true;
    this.#stream.respond(this.#initialHeaders(), withTrailers);
    this.#stream.on('wantTrailers', onWantTrailers);
  }

  /** True when the answer may be compressed and its reader understands it. */
  get packs(): boolean {
    return this.gzip && String(this.headers['grpc-accept-encoding'] ?? '').includes('gzip');
  }

  /** Writes one frame; false when the caller reads too slowly: then await `writable`. */
  send(frame: Buffer): boolean {
    if (this.over) return true;
    if (!this.#headersSent) this.sendHeaders();
    return this.#stream.write(frame);
  }

  /** Resolves when more may be sent, or the call is over. */
  writable(): Promise<void> {
    if (this.over || !this.#stream.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve) => {
      this.#writable = resolve;
      this.#stream.once('drain', onDrain);
    });
  }

  /** Ends the call with OK, after a last frame if given. */
  finish(frame?: Buffer): void {
    this.watch?.sent(frame === undefined ? 0 : frame.length - prefixLength);
    if (this.over) return;
    if (!this.#headersSent) this.sendHeaders();
    this.#end();
    if (frame === undefined) this.#stream.end();
    else this.#stream.end(frame);
  }

  /** Ends the call with another status. */
  fail(status: StatusError): void {
    if (this.over) return;
    this.#status = status;
    if (this.#headersSent) {
      this.#end();
      this.#stream.end();
      return;
    }
    this.#headersSent = true;
    const headers = { ...baseHeaders, ...this.#responseHeaders, ...this.#responseTrailers, ...statusTrailers(status) };
    this.#end();
    this.#stream.respond(headers, andEnd);
  }

  #initialHeaders(): OutgoingHttpHeaders {
    if (this.#responseHeaders === undefined && !this.packs) return baseHeaders;
    return { ...baseHeaders, ...(this.packs ? { 'grpc-encoding': 'gzip' } : undefined), ...this.#responseHeaders };
  }

  #end(): void {
    this.#finished = true;
    clearTimeout(this.#timer);
    if (this.#sink !== undefined && !this.#stream.readableEnded) this.#stream.resume();
  }

  #startTimer(text: string): number | undefined {
    const timeoutMs = parseTimeout(text);
    if (timeoutMs === undefined) return undefined;
    if (timeoutMs <= longestTimerMs) this.#timer = setTimeout(expire, timeoutMs, this);
    return Date.now() + timeoutMs;
  }

  expired(): void {
    this.#stop(new StatusError(grpcCode.DEADLINE_EXCEEDED, 'the deadline of the call has passed'));
  }

  data(chunk: Buffer): void {
    const sink = this.#sink;
    if (sink === undefined || this.#finished) return;
    try {
      this.#parser.push(chunk, sink);
    } catch (thrown) {
      this.#stop(thrown as StatusError);
    }
  }

  ended(): void {
    if (this.#parser.partial) this.#stop(new StatusError(grpcCode.INTERNAL, 'the requests end within a message'));
    else this.#sink?.end();
  }

  wantTrailers(): void {
    const trailers = this.#status === undefined ? okTrailers : statusTrailers(this.#status);
    const extra = this.#responseTrailers;
    this.#stream.sendTrailers(extra === undefined ? trailers : { ...extra, ...trailers });
  }

  drained(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  closed(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.drained();
    if (this.#finished && this.#stream.rstCode === constants.NGHTTP2_NO_ERROR) return;
    this.#sink?.end(new StatusError(grpcCode.CANCELLED, 'the call was cancelled by its caller'));
    this.#abort?.abort();
  }

  #stop(status: StatusError): void {
    this.fail(status);
    this.#sink?.end(status);
    this.#abort?.abort(status);
  }
}

function plainMetadata(headers: Metadata): Metadata {
  const metadata: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    if (name.charCodeAt(0) !== colon && !ownHeaders.has(name)) metadata[name] = headers[name]!;
  }
  return metadata;
}

function expire(call: ServerCall): void {
  call.expired();
}
function onData(this: ServerHttp2Stream, chunk: Buffer): void {
  (this as CallStream)[callOf].data(chunk);
}
function onEnd(this: ServerHttp2Stream): void {
  (this as CallStream)[callOf].ended();
}
function onWantTrailers(this: ServerHttp2Stream): void {
  (this as CallStream)[callOf].wantTrailers();
}
function onDrain(this: ServerHttp2Stream): void {
  (this as CallStream)[callOf].drained();
}
function onClose(this: ServerHttp2Stream): void {
  (this as CallStream)[callOf].closed();
}
function onError(): void {
  // A stream's error always ends in its close, which is where the call is told.
}
