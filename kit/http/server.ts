import {
  createServer as createHttp1,
  type Server as Http1Server,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttp2,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer, type Server } from 'node:net';
import type { Logger } from '#kit/log/logger.ts';
import { httpDate } from './date.ts';
import { Http1Request, sendHttp1 } from './http1.ts';
import { Http2Request, sendHttp2 } from './http2.ts';
import { listen, listenSocket } from './listen.ts';
import type { HttpHandler, HttpReply, HttpRequest } from './message.ts';
import type { PlainServing } from './plain-connection.ts';
import { failedReply } from './reply.ts';
import { asksForHttp2, upgradeToHttp2 } from './upgrade.ts';
import { plainConnections, type TakeOver } from './versions.ts';

export type HttpServerOptions = {
  handle: HttpHandler;
  log: Logger;
  /** Most bytes `read` gathers of a body. Default 4 MiB. */
  maxBodyBytes?: number;
  /** Most bytes of request line and headers, answered 431 above. Default 4 KiB; as Go's, it grants 4 KiB more. */
  maxHeaderBytes?: number;
  /** Also serves HTTP/2 without TLS on the same port, by prior knowledge or upgrade. Default true. */
  h2c?: boolean;
  /** How long the headers of a request may take, in milliseconds. Default 10,000. */
  headersTimeoutMs?: number;
  /** Type of a reply's body when its headers name none. Default `application/json`. */
  contentType?: string;
};

/** Disposing ends every connection at once; drain first to let requests finish. */
export type HttpServer = AsyncDisposable & {
  /** Binds and answers the port. An empty host binds every address. Throws `unavailable` that names the address. */
  listen(host: string, port: number, purpose?: string): Promise<number>;
  /** Binds a Unix socket; a stale file in its place is removed. */
  listenSocket(path: string, purpose?: string): Promise<void>;
  /** Takes no more requests, waits until those under way are done or `graceMs` has passed, then ends the rest. */
  drain(graceMs: number): Promise<void>;
};

const goHeaderSlack = 4_096;

/** An HTTP server for a data path: HTTP/1.1 and HTTP/2 on one port, bodies as Buffers. It may listen several times. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const serving: Serving = {
    handle: options.handle,
    log: options.log,
    limit: options.maxBodyBytes ?? 4 * 1024 * 1024,
    contentType: options.contentType ?? 'application/json',
    maxHeadBytes: (options.maxHeaderBytes ?? 4_096) + goHeaderSlack,
    date: httpDate(),
    draining: false,
  };
  const sessions = new Set<ServerHttp2Session>();
  const asHttp2 = options.h2c === false ? undefined : http2Connections(serving, options, sessions);
  const asHttp1 = http1Connections(serving, options, asHttp2);
  const connections = plainConnections(asHttp1.takeOver, asHttp2, serving, options.headersTimeoutMs ?? 10_000);
  const servers: Server[] = [];
  const open = (): Server => {
    const server = createServer(tcpOptions, connections.accept);
    servers.push(server);
    return server;
  };
  const close = async (now: boolean): Promise<void> => {
    serving.draining = true;
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    connections.close(now);
    asHttp1.close(now);
    for (const session of sessions) now ? session.destroy() : session.close();
    await Promise.all(closed);
  };
  return {
    listen: (host, port, purpose = 'HTTP') => listen(open(), purpose, host, port),
    listenSocket: (path, purpose = 'HTTP') => listenSocket(open(), purpose, path),
    async drain(graceMs) {
      const cut = setTimeout(() => void close(true), graceMs);
      await close(false);
      clearTimeout(cut);
    },
    [Symbol.asyncDispose]: () => close(true),
  };
}

/** To CONNECT, which node would leave without an answer. */
const noTunnel = 'HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';

type Serving = Omit<PlainServing, 'handOver'>;

/** As `node:http` opens connections, some of which are handed to it. */
const tcpOptions = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

type Http1Connections = {
  takeOver: TakeOver;
  /** Ends those without a request under way, or all of them. */
  close(all: boolean): void;
};

/** Made with the first connection that wants it: many sidecars never see one, and `node:http` takes long to load. */
function http1Connections(...made: Parameters<typeof http1Server>): Http1Connections {
  let server: Http1Server | undefined;
  return {
    takeOver(connection) {
      if (server === undefined) {
        server = http1Server(...made);
        // It watches its connections' time from when it listens, which it never does itself.
        server.emit('listening');
      }
      server.emit('connection', connection);
    },
    close(all) {
      if (all) server?.closeAllConnections();
      server?.close();
    },
  };
}

function http1Server(serving: Serving, options: HttpServerOptions, asHttp2: TakeOver | undefined): Http1Server {
  const server = createHttp1({
    maxHeaderSize: (options.maxHeaderBytes ?? 4_096) + goHeaderSlack,
    headersTimeout: options.headersTimeoutMs ?? 10_000,
    requestTimeout: 0,
    keepAliveTimeout: 0,
    connectionsCheckingInterval: 2_000,
    shouldUpgradeCallback: (message: IncomingMessage) => asHttp2 !== undefined && asksForHttp2(message),
  });
  if (asHttp2 !== undefined)
    server.on('upgrade', (message, socket, head) => upgradeToHttp2(asHttp2, message, socket, head));
  server.on('connect', (_message, socket) => void socket.on('error', () => {}).end(noTunnel));
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    if (message.socket.destroyed) return;
    const request = new Http1Request(message, response, serving.limit);
    respond(serving, request, (reply) => {
      sendHttp1(request, message, response, reply, { contentType: serving.contentType, closing: serving.draining });
    });
  });
  return server;
}

/** Made with the first connection that wants it: few do, and `node:http2` takes a tenth of a start to load. */
function http2Connections(...made: Parameters<typeof http2Server>): TakeOver {
  let server: Http2Server | undefined;
  return (connection) => {
    server ??= http2Server(...made);
    server.emit('connection', connection);
  };
}

function http2Server(serving: Serving, options: HttpServerOptions, sessions: Set<ServerHttp2Session>): Http2Server {
  const maxHeaderListSize = (options.maxHeaderBytes ?? 4_096) + goHeaderSlack;
  const settings = { enablePush: false, initialWindowSize: 256 * 1024, maxConcurrentStreams: 1_000, maxHeaderListSize };
  const server = createHttp2({ maxSessionMemory: 64, maxSessionInvalidFrames: 100, settings });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.setLocalWindowSize(4 * 1024 * 1024);
  });
  server.on('sessionError', (thrown: Error) => serving.log.debug(`HTTP/2 connection ended: ${thrown.message}`));
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags, rawHeaders: string[]) => {
    stream.on('error', () => {});
    const request = new Http2Request(stream, headers, rawHeaders, serving.limit);
    respond(serving, request, (reply) => sendHttp2(stream, request.method, reply, serving.contentType));
  });
  return server;
}

function respond({ handle, log }: Serving, request: HttpRequest, send: (reply: HttpReply) => void): void {
  const failed = (thrown: unknown): void => {
    log.error(
      `HTTP ${request.method} ${request.url.split('?')[0]} failed: ${thrown instanceof Error ? thrown.stack : thrown}`,
    );
    send(failedReply);
  };
  try {
    const reply = handle(request);
    if ('status' in reply) send(reply);
    else reply.then(send).catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
