import type { buildConnector, Dispatcher, Pool } from 'undici';
import { type Fault, fault } from '#kit/errors/fault.ts';
import { withoutConnectionHeader } from './connection-header.ts';
import { ResponseBody } from './response-body.ts';

export type HttpCall = {
  method: string;
  /** Path and query, sent as they are. */
  path: string;
  /** Sent as they are, except for those that belong to a connection, which are not allowed. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  body?: Buffer | AsyncIterable<Uint8Array> | undefined;
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
   * be reached or leaves, and `cancelled` when the signal aborts.
   */
  call(call: HttpCall): Promise<HttpResponse>;
};

/** Opens a client. Nothing is dialled before the first call. */
export async function connectHttp(options: HttpClientOptions): Promise<HttpClient> {
  const { default: connector } = await import('undici/lib/core/connect.js');
  const { default: UndiciPool } = await import('undici/lib/dispatcher/pool.js');
  const dial = connector(dialOptions(options));
  const connect = options.h2c ? dial : withoutConnectionHeader(dial);
  const pool = new UndiciPool(options.origin, { ...poolOptions(options), connect });
  return {
    call: (call) =>
      new Promise((resolve, reject) => {
        if (call.signal?.aborted) reject(cancelled(call.signal.reason));
        else dispatch(pool, options.origin, call, resolve, reject);
      }),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

function poolOptions({ maxConnections, h2c }: HttpClientOptions): Pool.Options {
  return {
    connections: maxConnections ?? null,
    pipelining: h2c ? 100 : 1,
    allowH2: h2c === true,
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

function dialOptions({ tls = {}, h2c, socketPath, connectTimeoutMs }: HttpClientOptions): buildConnector.BuildOptions {
  const { insecure, ...material } = tls;
  return {
    timeout: connectTimeoutMs ?? 10_000,
    allowH2: h2c === true,
    ...(h2c ? { useH2c: true } : undefined),
    ...(socketPath === undefined ? undefined : { socketPath }),
    ...(insecure ? { rejectUnauthorized: false } : undefined),
    ...material,
  } as buildConnector.BuildOptions;
}

type Resolve = (response: HttpResponse) => void;
type Reject = (problem: Fault) => void;

function dispatch(pool: Pool, origin: string, call: HttpCall, resolve: Resolve, reject: Reject): void {
  const handler = new ResponseHandler(origin, call.signal, resolve, reject);
  const request = {
    method: call.method,
    path: call.path,
    headers: call.headers,
    body: call.body ?? null,
  } as unknown as Dispatcher.DispatchOptions;
  try {
    pool.dispatch(request, handler);
  } catch (thrown) {
    handler.onResponseError(undefined, thrown as Error);
  }
}

const cancelled = (cause: unknown): Fault => fault('cancelled', 'the call was cancelled', { cause });

/** The server left while a body was under way. */
const isCut = (cause: Error): boolean => (cause as NodeJS.ErrnoException).code === 'UND_ERR_SOCKET';

/** Turns undici's events of one exchange into a response. */
class ResponseHandler implements Dispatcher.DispatchHandler {
  readonly #origin: string;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: Resolve;
  readonly #reject: Reject;
  #controller: Dispatcher.DispatchController | undefined;
  #body: ResponseBody | undefined;
  #announced = false;
  #onAbort: (() => void) | undefined;

  constructor(origin: string, signal: AbortSignal | undefined, resolve: Resolve, reject: Reject) {
    this.#origin = origin;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal === undefined) return;
    this.#onAbort = () => {
      this.#controller?.abort(cancelled(signal.reason));
      this.#reject(cancelled(signal.reason));
    };
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) controller.abort(cancelled(this.#signal.reason));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#body = new ResponseBody(controller);
    this.#announced = headers['content-length'] !== undefined;
    this.#resolve({ status, headers, body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#done();
    this.#body?.end();
  }

  onResponseError(_controller: unknown, cause: Error): void {
    this.#done();
    if (this.#body === undefined) this.#reject(this.#problem(cause));
    else if (this.#announced && isCut(cause)) this.#body.end();
    else this.#body.end(this.#problem(cause));
  }

  #problem(cause: Error): Fault {
    if (this.#signal?.aborted) return cancelled(this.#signal.reason);
    const reason = (cause as NodeJS.ErrnoException).code ?? cause.message;
    return fault('unavailable', `the call to ${this.#origin} failed: ${reason}`, { cause });
  }

  #done(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
