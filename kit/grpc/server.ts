import {
  constants,
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { grpcCode } from '#kit/errors/table.ts';
import { listen, listenSocket } from '#kit/http/listen.ts';
import { splitVersions } from '#kit/http/split-versions.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Call, RawHandler } from './call.ts';
import { readableEncoding } from './compression.ts';
import { methodTable, type Serve, serveRaw } from './dispatch.ts';
import { toStatus } from './fault-status.ts';
import { type Keepalive, keepAlive } from './keepalive.ts';
import { isPromise } from './promise.ts';
import { ServerCall } from './server-call.ts';
import { secureServerOptions, watchMaterial } from './server-tls.ts';
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
  /** Takes connections that speak HTTP/1.1; without it they are closed. */
  http1?(socket: Socket): void;
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

/** Bytes of HTTP/2's connection preface. */
const prefaceLength = 24;

const defaultMaxReceiveBytes = 4 * 1024 * 1024;

/** A gRPC server for HTTP/2 over TCP (h2c), TLS or Unix sockets. It may listen on several addresses. */
export async function createGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const services = [...options.services];
  if (options.reflection) services.push(...(await import('./reflection.ts')).reflectionServices(options.services));
  const dispatch = dispatcher(options, services);
  const servers: Server[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const open = () => {
    const server = options.tls === undefined ? plainServer(options) : secureServer(options, options.tls);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    server.on('session', (session) => track(session, sessions, options.keepalive));
    server.on('sessionError', (thrown: Error) => options.log.debug(`gRPC connection ended: ${thrown.message}`));
    server.on('stream', dispatch);
    servers.push(server);
    return server;
  };
  const close = async (end: (session: ServerHttp2Session) => void) => {
    const closed = servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const session of sessions) end(session);
    // A connection that has not spoken HTTP/2 yet would keep the server open for as long as it stays silent.
    for (const socket of sockets) if (socket.bytesRead < prefaceLength) socket.destroy();
    await Promise.all(closed);
  };
  const dispose = () => close((session) => session.destroy());
  return {
    listen: (host, port, purpose = 'gRPC') => listen(open(), purpose, host, port),
    listenSocket: (path, purpose = 'gRPC') => listenSocket(open(), purpose, path),
    async drain(graceMs) {
      const cut = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), graceMs);
      await close((session) => session.close());
      clearTimeout(cut);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

type Server = Http2Server | Http2SecureServer;

function serverOptions(options: GrpcServerOptions) {
  return {
    maxSessionMemory: 64,
    maxSessionInvalidFrames: 100,
    settings: {
      enablePush: false,
      initialWindowSize: 256 * 1024,
      maxConcurrentStreams: 1000,
      maxHeaderListSize: options.maxHeaderBytes ?? 64 * 1024,
    },
  };
}

/** How long a connection may take to show which version of HTTP it speaks. */
const versionTimeoutMs = 10_000;

function plainServer(options: GrpcServerOptions): Server {
  const server = createServer(serverOptions(options));
  const { http1 } = options;
  if (http1 === undefined) return server;
  const asHttp2 = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const http2 = (socket: Socket): void => {
    for (const listener of asHttp2) listener.call(server, socket);
  };
  splitVersions(server, { http1, http2 }, versionTimeoutMs);
  return server;
}

const chooseVersion = ({ protocols }: { protocols: string[] }): string | undefined =>
  ['h2', 'http/1.1'].find((version) => protocols.includes(version));

function secureServer(options: GrpcServerOptions, tls: ServerTls): Server {
  const { http1 } = options;
  const { ALPNProtocols: _, ...secured } = secureServerOptions(tls);
  const common = { ...serverOptions(options), ...secured, allowHTTP1: false };
  const server = createSecureServer(http1 === undefined ? common : { ...common, ALPNCallback: chooseVersion });
  watchMaterial(server, tls);
  if (http1 !== undefined) server.on('unknownProtocol', http1);
  return server;
}

/** Bytes a connection may have under way towards us before its calls are read. */
const connectionWindow = 4 * 1024 * 1024;

function track(session: ServerHttp2Session, sessions: Set<ServerHttp2Session>, keepalive?: Keepalive): void {
  sessions.add(session);
  session.once('close', () => sessions.delete(session));
  session.setLocalWindowSize(connectionWindow);
  if (keepalive !== undefined) keepAlive(session, keepalive);
}

function dispatcher(options: GrpcServerOptions, services: readonly Implementation[]) {
  const table = methodTable(services, options.log);
  const fallback = options.unknown === undefined ? refuseUnknown : serveRaw(options.unknown, options.log);
  const limit = options.maxReceiveBytes ?? defaultMaxReceiveBytes;
  const { before } = options;
  return (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
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
    checked.then(
      () => serve(call),
      (thrown) => call.fail(toStatus(thrown)),
    );
  } catch (thrown) {
    call.fail(toStatus(thrown));
  }
}

/** Refuses what is no gRPC call, with the HTTP status that the protocol names. */
function isGrpc(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
  const status =
    headers[':method'] !== 'POST' ? 405 : !headers['content-type']?.startsWith('application/grpc') ? 415 : undefined;
  if (status === undefined) return true;
  stream.on('error', () => {});
  stream.respond({ ':status': status }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
  return false;
}

function refuseUnknown(call: ServerCall): void {
  const [, service = '', method = ''] = call.path.split('/');
  call.fail(new StatusError(grpcCode.UNIMPLEMENTED, `unknown service ${service} (method ${method})`));
}

function refuseEncoding(call: ServerCall): void {
  call.fail(new StatusError(grpcCode.UNIMPLEMENTED, `grpc-encoding ${call.encoding} is not supported`));
}
