import { fault } from '#kit/errors/fault.ts';
import type { HttpCall, HttpClient } from './call.ts';
import { type Destination, dial } from './dial.ts';
import { cancelled, Exchange, type ExchangeOptions } from './exchange.ts';
import { type ConnectionOwner, Http1Connection } from './http1-connection.ts';
import { requestHead } from './request-head.ts';

export type Http1ClientOptions = Destination & {
  /** Most connections at a time; further calls wait. */
  maxConnections: number;
  /** How long an idle connection is kept where the server does not say. */
  idleMs: number;
  acceptShort: boolean;
};

const sweepEveryMs = 1_000;

/** An HTTP/1.1 client with kept-alive connections: each carries one call at a time, the latest used is used next. */
export function connectHttp1(options: Http1ClientOptions): HttpClient {
  const { origin, maxConnections } = options;
  const idle: Http1Connection[] = [];
  const all = new Set<Http1Connection>();
  const waiting: Exchange[] = [];
  let dialling = 0;
  let disposed = false;
  let sweep: NodeJS.Timeout | undefined;

  const isStale = (connection: Http1Connection, now: number): boolean =>
    now - connection.idleSince >= (connection.keptMs ?? options.idleMs);
  const closeStale = (): void => {
    const now = performance.now();
    for (const connection of idle.filter((one) => isStale(one, now)))
      connection.destroy(new Error('idle for too long'));
  };
  const owner: ConnectionOwner = {
    free(connection) {
      const next = nextWaiting();
      if (next !== undefined) return connection.carry(next);
      connection.idleSince = performance.now();
      idle.push(connection);
    },
    gone(connection) {
      all.delete(connection);
      const at = idle.lastIndexOf(connection);
      if (at >= 0) idle.splice(at, 1);
      startNext();
    },
  };
  const nextWaiting = (): Exchange | undefined => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) if (!next.over) return next;
    return undefined;
  };
  const startNext = (): void => {
    const next = nextWaiting();
    if (next !== undefined) start(next);
  };
  const open = async (exchange: Exchange): Promise<void> => {
    dialling += 1;
    const socket = await dial(options)
      .catch((cause: Error) => void exchange.failed({ cause, orderly: false, stale: false }))
      .finally(() => {
        dialling -= 1;
      });
    if (socket === undefined) return startNext();
    const connection = new Http1Connection(socket, owner);
    all.add(connection);
    sweep ??= setInterval(closeStale, sweepEveryMs).unref();
    if (disposed) {
      connection.destroy(closed());
      exchange.abort(closed());
    } else if (exchange.over) owner.free(connection);
    else connection.carry(exchange);
  };
  const start = (exchange: Exchange): void => {
    const connection = idle.at(-1);
    // The sweep may be late, and the server close it as the request comes.
    if (connection !== undefined && isStale(connection, performance.now())) closeStale();
    const usable = idle.pop();
    if (usable !== undefined) usable.carry(exchange);
    else if (all.size + dialling < maxConnections) void open(exchange);
    else waiting.push(exchange);
  };
  /** Not on an idle connection: where the server has left one, it has mostly left them all. */
  const again = (exchange: Exchange): void => {
    if (all.size + dialling < maxConnections) void open(exchange);
    else waiting.unshift(exchange);
  };
  const settings: ExchangeOptions = { origin: origin.origin, acceptShort: options.acceptShort, again };
  return {
    call(call: HttpCall) {
      if (call.signal?.aborted) return Promise.reject(cancelled(call.signal.reason));
      if (disposed) return Promise.reject(closed());
      try {
        const exchange = new Exchange(call, requestHead(call, origin.host), settings);
        start(exchange);
        return exchange.response;
      } catch (thrown) {
        return Promise.reject(thrown);
      }
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      clearInterval(sweep);
      for (const exchange of waiting.splice(0)) exchange.abort(closed());
      for (const connection of all) connection.destroy(closed());
    },
  };
}

const closed = () => fault('cancelled', 'the HTTP client is closed');
