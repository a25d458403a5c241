import type { Socket } from 'node:net';

/** A request, whichever HTTP version carried it. */
export type HttpRequest = {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  readonly httpVersion: '1.0' | '1.1' | '2.0';
  readonly remoteAddress: string;
  /** The connection, where it carries one request at a time. */
  readonly socket: Socket | undefined;
  /** Whether a body is announced. */
  readonly hasBody: boolean;
  /** Reads the whole body. Rejects with `too-large` above the server's limit. */
  read(): Promise<Buffer>;
  /** The body as it comes, at the reader's pace and without a limit. */
  readonly stream: AsyncIterable<Buffer>;
  /** Aborts when the caller is gone before it has its answer. Made when first asked for. */
  readonly signal: AbortSignal;
};

/** An answer. A body that is a stream is sent as it comes, at the caller's pace; one that fails cuts the connection. */
export type HttpReply = {
  status: number;
  headers?: Readonly<Record<string, string | readonly string[]>>;
  body?: Uint8Array | string | AsyncIterable<Uint8Array>;
};

export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;
