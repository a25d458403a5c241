import { grpcCode } from '#kit/errors/table.ts';
import { listen, listenSocket } from '#kit/http/listen.ts';
import type { Headers } from '#kit/http2/hpack-decoder.ts';
import { encodeHeaders } from '#kit/http2/hpack-encoder.ts';
import type { Http2Stream } from '#kit/http2/stream.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Call, RawHandler } from './call.ts';
import { readableEncoding } from './compression.ts';
import { methodTable, type Serve, serveRaw } from './dispatch.ts';
import { toStatus } from './fault-status.ts';
import type { Keepalive } from './keepalive.ts';
import { type Listener, openListener } from './listener.ts';
import { plainHeader } from './plain.ts';
import { type PlainHandler, servePlain } from './plain-request.ts';
import { isPromise } from './promise.ts';
import { ServerCall } from './server-call.ts';
import type { Implementation } from './service.ts';
import { StatusError } from './status.ts';
import type { ServerTls } from './tls.ts';

export type GrpcServerOptions = {
  services: readonly Implementation[];
  log: Logger;
  /** Serves calls to methods that no service here claims; without it they answer UNIMPLEMENTED. */
  unknown?: RawHandler;
  /** Runs before every call, registered or not; throwing refuses it. */
  before?(call: Call): void | Promise<void>;
  tls?: ServerTls;
  /** Serves HTTP requests of our own clients beside gRPC calls (`plain.ts`); without it there are none. */
  plain?: PlainHandler;
  /** Longest request message accepted, in bytes. Default 4 MiB. */
  maxReceiveBytes?: number;
  /** Longest list of request headers accepted, in bytes. Default 64 KiB. */
  maxHeaderBytes?: number;
  /** Pings idle connections; without it, never. */
  keepalive?: Keepalive;
  /** Serves reflection v1 and v1alpha for the services. */
  reflection?: boolean;
};

/** Disposing ends every call at once; drain first to let them finish. */
export type GrpcServer = AsyncDisposable & {
  /** Binds and answers the port. An empty host binds every address. Throws `unavailable` that names the address. */
  listen(host: string, port: number, purpose?: string): Promise<number>;
  /** Binds a Unix socket; a stale file in its place is removed. */
  listenSocket(path: string, purpose?: string): Promise<void>;
  /** Takes no more calls, waits until those under way are done or `graceMs` has passed, then ends the rest. */
  drain(graceMs: number): Promise<void>;
};

const defaultMaxReceiveBytes = 4 * 1024 * 1024;
const defaultMaxHeaderBytes = 64 * 1024;

/** A gRPC server for HTTP/2 over TCP (h2c), TLS or Unix sockets. It may listen on several addresses. */
export async function createGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const services = [...options.services];
  if (options.reflection) services.push(...(await import('./reflection.ts')).reflectionServices(options.services));
  const dispatch = dispatcher(options, services);
  const listeners: Listener[] = [];
  const open = () => {
    const listener = openListener({
      ...{ accept: dispatch, plain: options.plain !== undefined, tls: options.tls, keepalive: options.keepalive },
      maxHeaderBytes: options.maxHeaderBytes ?? defaultMaxHeaderBytes,
      broken: (error) => options.log.debug(`gRPC connection ended: ${error.message}`),
    });
    listeners.push(listener);
    return listener.server;
  };
  const closed = () => listeners.map(({ server }) => new Promise<void>((resolve) => server.close(() => resolve())));
  return {
    listen: (host, port, purpose = 'gRPC') => listen(open(), purpose, host, port),
    listenSocket: (path, purpose = 'gRPC') => listenSocket(open(), purpose, path),
    async drain(graceMs) {
      const all = closed();
      const cut = setTimeout(() => listeners.forEach((listener) => void listener.destroy()), graceMs);
      for (const listener of listeners) listener.drain();
      await Promise.all(all);
      clearTimeout(cut);
    },
    async [Symbol.asyncDispose]() {
      const all = closed();
      for (const listener of listeners) listener.destroy();
      await Promise.all(all);
    },
  };
}

function dispatcher(options: GrpcServerOptions, services: readonly Implementation[]) {
  const table = methodTable(services, options.log);
  const fallback = options.unknown === undefined ? refuseUnknown : serveRaw(options.unknown, options.log);
  const limit = options.maxReceiveBytes ?? defaultMaxReceiveBytes;
  const { before } = options;
  return (stream: Http2Stream, headers: Headers): void => {
    if (options.plain !== undefined && headers[plainHeader] !== undefined) {
      servePlain(options.plain, stream, headers, limit);
      return;
    }
    if (!isGrpc(stream, headers)) return;
    const call = new ServerCall(stream, headers, limit);
    const serve = readableEncoding(call.encoding) ? (table.get(call.path) ?? fallback) : refuseEncoding;
    if (before === undefined) serve(call);
    else serveAfter(before, serve, call);
  };
}

function serveAfter(before: NonNullable<GrpcServerOptions['before']>, serve: Serve, call: ServerCall): void {
  try {
    const checked = before(call);
    if (!isPromise(checked)) {
      serve(call);
      return;
    }
    // What comes in the meantime is for the one who serves the call.
    call.pause();
    checked.then(
      () => {
        serve(call);
        call.resume();
      },
      (thrown) => call.fail(toStatus(thrown)),
    );
  } catch (thrown) {
    call.fail(toStatus(thrown));
  }
}

/** Refuses what is no gRPC call, with the HTTP status that the protocol names. */
function isGrpc(stream: Http2Stream, headers: Headers): boolean {
  const status =
    headers[':method'] !== 'POST' ? 405 : !headers['content-type']?.startsWith('application/grpc') ? 415 : undefined;
  if (status === undefined) return true;
  stream.headers(encodeHeaders({ ':status': status }), true);
  return false;
}

function refuseUnknown(call: ServerCall): void {
  const [, service = '', method = ''] = call.path.split('/');
  call.fail(new StatusError(grpcCode.UNIMPLEMENTED, `unknown service ${service} (method ${method})`));
}

function refuseEncoding(call: ServerCall): void {
  call.fail(new StatusError(grpcCode.UNIMPLEMENTED, `grpc-encoding ${call.encoding} is not supported`));
}
