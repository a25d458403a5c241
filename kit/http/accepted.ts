import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { PlainConnection } from './plain-connection.ts';
import type { Connections } from './versions.ts';

/** Header of the last message on a connection that was idle when its server stopped: what crossed it was not served. */
export const leavingHeader = 'outrigger-leaving';

/** Sent on an idle connection before it is closed, as RFC 9110 (15.5.9) provides, so that the client opens another. */
const farewell = `HTTP/1.1 408 Request Timeout\r\n${leavingHeader}: true\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;

/** A server that listens nowhere, and those of its connections that it serves without `node:http`. */
type Serving = { server: Server; plain: Connections };

/** Connections that another server has taken. */
export type AcceptedConnections = {
  accept(socket: Socket): void;
  /** Ends them: idle ones with a farewell, the others when their request is answered; or all now. Resolves when the last is gone. */
  close(now: boolean): Promise<void>;
};

/** `open` makes what serves them, when the first comes; it is to end idle connections with `part`. */
export function acceptedConnections(
  open: (part: (connection: PlainConnection) => void) => Serving,
): AcceptedConnections {
  const sockets = new Set<Socket>();
  const handedOver = new Set<Socket>();
  const busy = new Set<Socket>();
  let serving: Serving | undefined;
  let gone: (() => void) | undefined;
  function free(this: ServerResponse): void {
    busy.delete(this.req.socket);
  }
  const begin = (message: IncomingMessage, response: ServerResponse): void => {
    const { socket } = message;
    // Crossed the farewell.
    if (socket.writableEnded) socket.destroy();
    handedOver.add(socket);
    busy.add(socket);
    response.once('close', free);
  };
  const start = (): Serving => {
    const started = open((connection) => {
      connection.left();
      connection.socket.end(farewell);
    });
    started.server.prependListener('request', begin);
    return started;
  };
  return {
    accept(socket) {
      if (socket.destroyed) return;
      serving ??= start();
      sockets.add(socket);
      socket.once('close', () => {
        for (const set of [sockets, handedOver, busy]) set.delete(socket);
        if (sockets.size === 0) gone?.();
      });
      serving.server.emit('connection', socket);
    },
    async close(now) {
      serving?.plain.close(false);
      for (const socket of sockets) {
        if (now) socket.destroy();
        else if (handedOver.has(socket) && !busy.has(socket)) socket.end(farewell);
      }
      if (sockets.size === 0) return;
      await new Promise<void>((resolve) => {
        gone = resolve;
      });
    },
  };
}
