import type { Peer } from './peer.ts';
import type { Metadata } from './transport.ts';

/** What a handler knows of the call besides its messages. */
export type CallContext = {
  /** Aborts when the caller cancels, its deadline passes or the server stops. Made when first asked for. */
  readonly signal: AbortSignal;
  /** What the caller sent, without HTTP/2's and gRPC's own headers. Made when first asked for. */
  readonly metadata: Metadata;
};

/** A call as the server's handlers see it. */
export type Call = CallContext & {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Unix milliseconds when the caller's deadline passes, if it set one. */
  readonly deadline: number | undefined;
  readonly peer: Peer;
  /** Metadata sent before the first message: set it before answering or yielding. */
  readonly responseHeaders: Record<string, string | string[]>;
  /** Metadata sent after the last message. */
  readonly responseTrailers: Record<string, string | string[]>;
  /** Whether messages are answered as gzip, if the caller reads it. Starts as what the caller itself sends. */
  gzip: boolean;
  /** Bytes of the request message of a unary call, as they came. */
  readonly requestBytes: number;
  /** Told once when a unary call is answered well. */
  watch: CallWatch | undefined;
  /** One value of the caller's metadata, without making the map of all. */
  header(name: string): string | undefined;
  /** Sends the response headers now rather than with the first message. */
  sendHeaders(): void;
};

/** Who wants to know how much was answered. */
export type CallWatch = {
  /** The answer's message has so many bytes, as it is sent. */
  sent(bytes: number): void;
};

/**
 * Serves calls no registered service claims, without decoding: each frame is its five-byte prefix and message, both
 * ways. Ending well means OK; throw a `StatusError` for another status.
 */
export type RawHandler = (frames: AsyncIterable<Buffer>, call: RawCall) => AsyncIterable<Buffer>;

export type RawCall = Call & {
  /** The caller's headers as they came, HTTP/2's and gRPC's own included. */
  readonly headers: Metadata;
};
