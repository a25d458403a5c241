import { grpcCode } from '#kit/errors/table.ts';
import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { encodeHeaders, type HeaderInit } from '#kit/http2/hpack-encoder.ts';
import { errorCode } from '#kit/http2/protocol.ts';
import type { Http2Stream, StreamSink } from '#kit/http2/stream.ts';
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
const baseBlock = encodeHeaders(baseHeaders);
const okBlock = encodeHeaders(okTrailers);

/** The reader of a call's request frames. */
export type RequestSink = FrameSink & {
  /** The requests are complete, or, with an error, will never be. */
  end(error?: StatusError): void;
};

/** One call on the server: its HTTP/2 stream, deadline and answer. */
export class ServerCall implements RawCall, Reading, StreamSink {
  readonly headers: Headers;
  readonly path: string;
  readonly maxReceiveBytes: number;
  readonly deadline: number | undefined;
  gzip: boolean;
  requestBytes = 0;
  watch: CallWatch | undefined;
  readonly #stream: Http2Stream;
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
  #writable: (() => void) | undefined;

  constructor(stream: Http2Stream, headers: Headers, maxReceiveBytes: number) {
    this.#stream = stream;
    this.headers = headers;
    this.path = headers[':path'] ?? '';
    this.maxReceiveBytes = maxReceiveBytes;
    this.#parser = new FrameParser(maxReceiveBytes);
    this.gzip = headers['grpc-encoding'] === 'gzip';
    const timeout = headers['grpc-timeout'];
    if (timeout !== undefined) this.deadline = this.#startTimer(timeout);
    stream.sink = this;
  }

  get encoding(): string | undefined {
    return this.headers['grpc-encoding'];
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
    return peerOf(this.#stream.connection.socket);
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
    return this.headers[name];
  }

  /** Hands the request frames to a sink, from now on. */
  receive(sink: RequestSink): void {
    this.#sink = sink;
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
    this.#stream.headers(this.#initialBlock());
  }

  /** True when the answer may be compressed and its reader understands it. */
  get packs(): boolean {
    return this.gzip && (this.headers['grpc-accept-encoding'] ?? '').includes('gzip');
  }

  /** Writes one frame; false when the caller reads too slowly: then await `writable`. */
  send(frame: Buffer): boolean {
    if (this.over) return true;
    if (!this.#headersSent) this.sendHeaders();
    return this.#stream.send(frame);
  }

  /** Resolves when more may be sent, or the call is over. */
  writable(): Promise<void> {
    if (this.over || !this.#stream.starved) return Promise.resolve();
    return new Promise((resolve) => {
      this.#writable = resolve;
    });
  }

  /** Ends the call with OK, after a last frame if given. */
  finish(frame?: Buffer): void {
    this.watch?.sent(frame === undefined ? 0 : frame.length - prefixLength);
    if (this.over) return;
    if (!this.#headersSent) this.sendHeaders();
    const trailers = this.#trailersBlock(undefined);
    this.#end();
    if (frame !== undefined) this.#stream.send(frame);
    this.#stream.end(trailers);
  }

  /** Ends the call with another status. */
  fail(status: StatusError): void {
    if (this.over) return;
    if (this.#headersSent) {
      const trailers = this.#trailersBlock(status);
      this.#end();
      this.#stream.end(trailers);
      return;
    }
    this.#headersSent = true;
    const headers = { ...baseHeaders, ...this.#responseHeaders, ...this.#responseTrailers, ...statusTrailers(status) };
    this.#end();
    this.#stream.headers(block(headers) ?? encodeHeaders({ ...baseHeaders, ...statusTrailers(status) }), true);
  }

  #initialBlock(): Buffer {
    if (this.#responseHeaders === undefined && !this.packs) return baseBlock;
    const packing = this.packs ? { 'grpc-encoding': 'gzip' } : undefined;
    return encodeHeaders({ ...baseHeaders, ...packing, ...this.#responseHeaders });
  }

  #trailersBlock(status: StatusError | undefined): Buffer {
    const extra = this.#responseTrailers;
    if (status === undefined && extra === undefined) return okBlock;
    const own = status === undefined ? okTrailers : statusTrailers(status);
    return block({ ...extra, ...own }) ?? encodeHeaders(own);
  }

  #end(): void {
    this.#finished = true;
    clearTimeout(this.#timer);
    this.#stream.resume();
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

  end(): void {
    if (this.#parser.partial) this.#stop(new StatusError(grpcCode.INTERNAL, 'the requests end within a message'));
    else this.#sink?.end();
  }

  drained(): void {
    const writable = this.#writable;
    this.#writable = undefined;
    writable?.();
  }

  closed(code: number): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.drained();
    if (this.#finished && code === errorCode.noError) return;
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

/** A block of headers that a handler may have set; undefined where they cannot be sent. */
function block(headers: HeaderInit): Buffer | undefined {
  try {
    return encodeHeaders(headers);
  } catch {
    return undefined;
  }
}
