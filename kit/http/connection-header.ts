import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';

const header = '\r\nconnection: keep-alive\r\n';

/**
 * Dials connections on which undici's own `connection: keep-alive` is left out: HTTP/1.1 keeps connections alive
 * without being asked, and Dapr shows apps no header that belongs to a connection.
 */
export function withoutConnectionHeader(dial: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    dial(options, (...dialled) => {
      if (dialled[1]) leaveOut(dialled[1]);
      callback(...dialled);
    });
}

/** undici writes the head of a request as one string, its own headers first, and nothing else that has lines. */
function leaveOut(socket: Socket): void {
  const write = socket.write as (this: Socket, chunk: unknown, ...rest: unknown[]) => boolean;
  socket.write = function (this: Socket, chunk: unknown, ...rest: unknown[]): boolean {
    return write.call(this, typeof chunk === 'string' ? chunk.replace(header, '\r\n') : chunk, ...rest);
  };
}
