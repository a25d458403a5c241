/** Finds dead connections: a ping every `intervalMs`; one without an answer after `timeoutMs` ends the connection. */
export type Keepalive = { intervalMs: number; timeoutMs: number };

/** A connection that can be asked for a sign of life. */
export type Pinged = { ping(answered: () => void): unknown; destroy(): void };

/** Keeps a connection under watch until the answer is called. Does not keep the process alive. */
export function keepAlive(connection: Pinged, { intervalMs, timeoutMs }: Keepalive): () => void {
  let dead: NodeJS.Timeout | undefined;
  const answered = (): void => {
    clearTimeout(dead);
    dead = undefined;
  };
  const beat = setInterval(() => {
    if (dead !== undefined) return;
    dead = setTimeout(() => connection.destroy(), timeoutMs);
    dead.unref();
    connection.ping(answered);
  }, intervalMs);
  beat.unref();
  return () => {
    clearInterval(beat);
    clearTimeout(dead);
  };
}
