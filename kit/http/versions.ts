import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PlainConnection, type PlainServing } from './plain-connection.ts';

type Own = Socket & { [ownConnection]: PlainConnection };
const ownConnection = Symbol('connection');

/** Serves a connection by another version of HTTP from here on. */
export type TakeOver = (connection: Duplex) => void;

export type Connections = {
  /** Serves a connection from its first byte. */
  accept(socket: Socket): void;
  /** Ends those without a request under way, or all of them. */
  close(all: boolean): void;
};

/**
 * Serves connections for as long as their requests are plain; the others go on as HTTP/1.1 in full, or as HTTP/2 where
 * that is served. One that asks for nothing within `timeoutMs` is closed.
 */
export function plainConnections(
  asHttp1: TakeOver,
  asHttp2: TakeOver | undefined,
  shared: Omit<PlainServing, 'handOver'>,
  timeoutMs: number,
): Connections {
  const open = new Set<PlainConnection>();
  const forget = (connection: PlainConnection): void => {
    const { socket } = connection;
    open.delete(connection);
    socket.off('data', onData).off('end', onEnd).off('error', onError);
  };
  const serving: PlainServing = Object.assign(shared, {
    handOver(connection: PlainConnection, isHttp2: boolean) {
      const { socket } = connection;
      forget(connection);
      socket.pause();
      socket.unshift(connection.take());
      if (isHttp2 && asHttp2 !== undefined) {
        asHttp2(socket);
        return;
      }
      asHttp1(socket);
      socket.resume();
    },
  });
  return {
    accept(socket) {
      const connection = new PlainConnection(socket, serving);
      open.add(connection);
      (socket as Own)[ownConnection] = connection;
      const isLate = (): unknown => open.has(connection) && connection.silent && socket.destroy();
      // Where this process itself stood still meanwhile, a request that has come is read first.
      const late = setTimeout(() => setImmediate(isLate), timeoutMs);
      socket.on('data', onData).on('end', onEnd).on('error', onError);
      socket.once('close', () => {
        clearTimeout(late);
        if (open.delete(connection)) connection.left();
      });
    },
    close(all) {
      for (const connection of open) {
        if (all || connection.idle) connection.socket.destroy();
      }
    },
  };
}

function onData(this: Socket, chunk: Buffer): void {
  (this as Own)[ownConnection].data(chunk);
}
function onEnd(this: Socket): void {
  (this as Own)[ownConnection].left();
  this.end();
}
function onError(): void {
  // Ends in the socket's close, which is where the connection is told.
}
