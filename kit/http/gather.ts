import type { Duplex } from 'node:stream';

/** Holds back what is written until the event loop has seen to all input that is there: it then leaves in one write. */
export function gather(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(uncork, socket);
}

function uncork(socket: Duplex): void {
  socket.uncork();
}
