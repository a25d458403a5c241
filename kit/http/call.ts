import type { ResponseBody } from './response-body.ts';

export type HttpCall = {
  method: string;
  /** Path and query, sent as they are. */
  path: string;
  /** Sent as they are, except for those that belong to a connection, which are not allowed. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  body?: Buffer | AsyncIterable<Uint8Array> | undefined;
  /** Bytes of a body that streams, where they are known: then it goes out without chunks, over HTTP/1.1. */
  bodyBytes?: number | undefined;
  signal?: AbortSignal | undefined;
};

export type HttpResponse = {
  status: number;
  /** Names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * Read it, stream it, or cancel it: until then it holds its connection. One shorter than its announced length ends
   * where the server left, as it does in Dapr; a chunked one that is cut rejects.
   */
  body: ResponseBody;
};

export type HttpClientOptions = {
  /** `http://127.0.0.1:3000`, without a path. */
  origin: string;
  /** Dials a Unix socket in place of the origin's host. */
  socketPath?: string;
  /** Speaks HTTP/2 without TLS, by prior knowledge. */
  h2c?: boolean;
  /** For `https`: accepts any certificate, as Dapr does towards apps; or trusts these PEM anchors. */
  tls?: { insecure?: boolean; ca?: string; cert?: string; key?: string };
  /** Most connections at a time; further calls wait. Default unlimited. */
  maxConnections?: number;
  /** How long connecting may take, in milliseconds. Default 10,000. */
  connectTimeoutMs?: number;
};

/** An HTTP client of one server, with kept-alive connections. */
export type HttpClient = AsyncDisposable & {
  /**
   * Sends a request and answers when the response's headers are there. Rejects with `unavailable` when the server cannot
   * be reached (a call that is not idempotent is `unseen` then) or leaves, and `cancelled` when the signal aborts.
   */
  call(call: HttpCall): Promise<HttpResponse>;
};
