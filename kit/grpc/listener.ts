import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { preface } from '#kit/http/preface.ts';
import { Http2Connection } from '#kit/http2/connection.ts';
import type { Http2Options } from '#kit/http2/options.ts';
import { type Keepalive, keepAlive } from './keepalive.ts';
import { plainSetting } from './plain.ts';
import { secureServerOptions, watchMaterial } from './server-tls.ts';
import type { ServerTls } from './tls.ts';

export type ListenerOptions = Pick<Http2Options, 'maxHeaderBytes'> & {
  accept: NonNullable<Http2Options['accept']>;
  /** Says to clients that HTTP requests are taken beside gRPC calls. */
  plain: boolean;
  tls: ServerTls | undefined;
  keepalive: Keepalive | undefined;
  /** Told why a connection was ended, where its peer broke the protocol. */
  broken(error: Error): void;
};

/** The connections of one address. */
export type Listener = {
  readonly server: Server;
  /** Takes no more streams, and lets those under way finish; connections that have not spoken yet are ended. */
  drain(): void;
  /** Ends every connection. */
  destroy(): void;
};

/** Bytes a call, and a connection, may have under way towards us before they are read. */
const streamWindow = 256 * 1024;
const connectionWindow = 4 * 1024 * 1024;
const maxStreams = 1_000;

/** How long a caller may take to say that it speaks HTTP/2. */
const prefaceTimeoutMs = 10_000;

/** Serves HTTP/2 to whoever connects: in the clear by prior knowledge, or over TLS. */
export function openListener(options: ListenerOptions): Listener {
  const silent = new Set<Socket>();
  const connections = new Set<Http2Connection>();
  const begin = (socket: Socket, rest: Buffer): void => {
    let unwatch: (() => void) | undefined;
    const connection = new Http2Connection(socket, {
      ...(options.plain ? { settings: [[plainSetting, 1]] } : {}),
      ...{ accept: options.accept, maxHeaderBytes: options.maxHeaderBytes, maxStreams, streamWindow, connectionWindow },
      closed(error) {
        connections.delete(connection);
        unwatch?.();
        if (error !== undefined) options.broken(error);
      },
    });
    connections.add(connection);
    if (options.keepalive !== undefined) unwatch = keepAlive(connection, options.keepalive);
    socket.on('data', (chunk: Buffer) => connection.read(chunk));
    socket.once('end', () => connection.destroy());
    socket.once('close', () => connection.destroy());
    if (rest.length > 0) connection.read(rest);
  };
  const accept = (socket: Socket): void => {
    if (socket.destroyed) return;
    silent.add(socket);
    const late = setTimeout(() => socket.destroy(), prefaceTimeoutMs);
    const settled = (): void => {
      clearTimeout(late);
      silent.delete(socket);
    };
    socket.on('error', ignore);
    socket.once('close', settled);
    readPreface(socket, (rest) => {
      settled();
      begin(socket, rest);
    });
  };
  const server = options.tls === undefined ? createServer(tcpOptions, accept) : tlsServer(options.tls, accept);
  return {
    server,
    drain() {
      for (const socket of silent) socket.destroy();
      for (const connection of [...connections]) connection.goAway();
    },
    destroy() {
      for (const socket of silent) socket.destroy();
      for (const connection of [...connections]) connection.destroy();
    },
  };
}

const tcpOptions = { noDelay: true };

function tlsServer(tls: ServerTls, accept: (socket: Socket) => void): Server {
  const server = createTlsServer({ ...tcpOptions, ...secureServerOptions(tls) });
  watchMaterial(server, tls);
  server.on('secureConnection', accept);
  server.on('tlsClientError', ignore);
  return server;
}

/** Waits for HTTP/2's preface, and hands over what came behind it; ends a connection that begins otherwise. */
function readPreface(socket: Socket, read: (rest: Buffer) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const peek = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const known = Math.min(seen.length, preface.length);
    const differs = seen.compare(preface, 0, known, 0, known) !== 0;
    if (!differs && known < preface.length) return;
    socket.off('data', peek);
    if (differs) socket.destroy();
    else read(seen.subarray(preface.length));
  };
  socket.on('data', peek);
}

function ignore(): void {
  // An error ends in the socket's close, which is where it is dealt with.
}
