import type { buildConnector, Dispatcher, Pool } from 'undici';
import { type Fault, fault } from '#kit/errors/fault.ts';
import { onAbort } from '#kit/lifecycle/on-abort.ts';
import type { HttpCall, HttpClient, HttpClientOptions, HttpResponse } from './call.ts';
import { cancelled } from './exchange.ts';
import { ResponseBody } from './response-body.ts';

/** A client for HTTP/2 without TLS, by prior knowledge. Nothing is dialled before the first call. */
export async function connectH2c(options: HttpClientOptions): Promise<HttpClient> {
  const { default: connector } = await import('undici/lib/core/connect.js');
  const { default: UndiciPool } = await import('undici/lib/dispatcher/pool.js');
  const pool = new UndiciPool(options.origin, { ...poolOptions(options), connect: connector(dialOptions(options)) });
  return {
    call: (call) =>
      new Promise((resolve, reject) => {
        if (call.signal?.aborted) reject(cancelled(call.signal.reason));
        else dispatch(pool, options.origin, call, resolve, reject);
      }),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

function poolOptions({ maxConnections }: HttpClientOptions): Pool.Options {
  return { connections: maxConnections ?? null, pipelining: 100, allowH2: true, headersTimeout: 0, bodyTimeout: 0 };
}

function dialOptions({ socketPath, connectTimeoutMs }: HttpClientOptions): buildConnector.BuildOptions {
  return {
    timeout: connectTimeoutMs ?? 10_000,
    allowH2: true,
    useH2c: true,
    ...(socketPath === undefined ? undefined : { socketPath }),
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
  #unlisten: (() => void) | undefined;

  constructor(origin: string, signal: AbortSignal | undefined, resolve: Resolve, reject: Reject) {
    this.#origin = origin;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal === undefined) return;
    this.#unlisten = onAbort(signal, () => {
      this.#controller?.abort(cancelled(signal.reason));
      this.#reject(cancelled(signal.reason));
    });
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
    this.#unlisten?.();
  }
}
