import type { Http2Session } from 'node:http2';

/** Finds dead connections: a ping every `intervalMs`; one without an answer after `timeoutMs` ends the connection. */
export type Keepalive = { intervalMs: number; timeoutMs: number };

/** Keeps a connection under watch until it closes. Does not keep the process alive. */
export function keepAlive(session: Http2Session, { intervalMs, timeoutMs }: Keepalive): void {
  let dead: NodeJS.Timeout | undefined;
  const answered = (): void => {
    clearTimeout(dead);
    dead = undefined;
  };
  const beat = setInterval(() => {
    if (dead !== undefined || session.destroyed) return;
    dead = setTimeout(() => session.destroy(), timeoutMs);
    dead.unref();
    session.ping(answered);
  }, intervalMs);
  beat.unref();
  session.once('close', () => {
    clearInterval(beat);
    clearTimeout(dead);
  });
}
