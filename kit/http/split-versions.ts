import type { Server, Socket } from 'node:net';
import { preface } from './preface.ts';

/** Who serves a connection, by the version it speaks. */
export type ByVersion = { http1(socket: Socket): void; http2(socket: Socket): void };

/**
 * Hands each connection of a server on by its first bytes, which are put back. One that sends too few to tell within
 * `timeoutMs`, or ends before, is closed.
 */
export function splitVersions(server: Server, { http1, http2 }: ByVersion, timeoutMs: number): void {
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const failed = (): void => void socket.destroy();
    const late = setTimeout(failed, timeoutMs);
    let seen: Buffer = Buffer.alloc(0);
    const peek = (): void => {
      const more = socket.read() as Buffer | null;
      if (more === null) return;
      seen = seen.length === 0 ? more : Buffer.concat([seen, more]);
      const known = Math.min(seen.length, preface.length);
      const isHttp2 = seen.compare(preface, 0, known, 0, known) === 0;
      if (isHttp2 && known < preface.length) return;
      clearTimeout(late);
      socket.off('readable', peek).off('end', failed).off('error', failed);
      socket.unshift(seen);
      if (isHttp2) http2(socket);
      else http1(socket);
    };
    socket.on('readable', peek);
    socket.once('end', failed);
    socket.on('error', failed);
    socket.once('close', () => clearTimeout(late));
  });
}
