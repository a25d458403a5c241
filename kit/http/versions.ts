import type { Server } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';

/** The first bytes of an HTTP/2 connection, and of nothing else. Source: RFC 9113, section 3.4. */
export const preface: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/**
 * Hands each connection of an HTTP/1 server to it or to an HTTP/2 server, by its first bytes. One that sends none
 * within `timeoutMs`, or ends before, is closed. The answer closes those that have sent none so far, which Node counts
 * among the busy ones. All go to HTTP/1 when there is no HTTP/2 server.
 */
export function splitVersions(http1: Server, http2: Http2Server | undefined, timeoutMs: number): () => void {
  const asHttp1 = http1.listeners('connection') as ((this: Server, socket: Socket) => void)[];
  const silent = new Set<Socket>();
  http1.removeAllListeners('connection');
  http1.on('connection', (socket: Socket) => {
    silent.add(socket);
    const failed = (): void => void socket.destroy();
    const late = setTimeout(failed, timeoutMs);
    const ended = (): void => {
      clearTimeout(late);
      silent.delete(socket);
    };
    let seen: Buffer = Buffer.alloc(0);
    const peek = (): void => {
      const more = socket.read() as Buffer | null;
      if (more === null) return;
      seen = seen.length === 0 ? more : Buffer.concat([seen, more]);
      const known = Math.min(seen.length, preface.length);
      const isHttp2 = http2 !== undefined && seen.compare(preface, 0, known, 0, known) === 0;
      if (isHttp2 && known < preface.length) return;
      ended();
      socket.off('readable', peek);
      socket.off('end', failed);
      socket.off('close', ended);
      socket.off('error', failed);
      socket.unshift(seen);
      if (isHttp2) http2.emit('connection', socket);
      else for (const listener of asHttp1) listener.call(http1, socket);
    };
    socket.on('readable', peek);
    socket.once('end', failed);
    socket.once('close', ended);
    socket.on('error', failed);
  });
  return () => {
    for (const socket of silent) socket.destroy();
  };
}
