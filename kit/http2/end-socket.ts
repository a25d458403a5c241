import type { Duplex } from 'node:stream';

const withinMs = 1_000;

/** Ends a socket behind what was written to it; a peer that does not take it is not waited for long. */
export function endSocket(socket: Duplex): void {
  const late = setTimeout(() => socket.destroy(), withinMs).unref();
  socket.once('close', () => clearTimeout(late));
  socket.end(() => socket.destroy());
}
