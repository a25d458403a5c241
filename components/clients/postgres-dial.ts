import { once } from 'node:events';
import { connect as connectTcp, isIP, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { answerWatch } from '#kit/lifecycle/answer-watch.ts';

export type PostgresTarget = {
  host: string;
  port: number;
  /** Undefined for plain text; `optional` takes that too where the server has no TLS. */
  tls: (ConnectionOptions & { optional?: boolean }) | undefined;
  /** Longest wait for the connection, and for an answer on it, in milliseconds. */
  timeout: number;
};

/** `SSLRequest` of the protocol, and the byte that agrees to it. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const agreed = 'S'.charCodeAt(0);

/** `ReadyForQuery`, which ends every answer: its type and length, then one byte. */
const ready = Buffer.from([0x5a, 0, 0, 0, 5]);
const readyLength = ready.length + 1;

/**
 * Connects, for the library `postgres`: where that fails, the socket tells so by an event, as only that is tried again.
 * The connection is destroyed when something was asked on it and nothing comes for `timeout`.
 */
export async function dialPostgres({ host, port, tls, timeout }: PostgresTarget): Promise<Socket> {
  const socket = connectTcp({ host, port, noDelay: true });
  const signal = AbortSignal.timeout(timeout);
  try {
    await once(socket, 'connect', { signal });
    return watched(tls === undefined ? socket : await secured(socket, { host, tls, signal }), timeout);
  } catch (error) {
    socket.destroy();
    return broken(
      signal.aborted ? new Error(`there was no connection within ${timeout} ms`, { cause: error }) : (error as Error),
    );
  }
}

/** The library's first message must have been written when it ends: otherwise it would never write again. */
function broken(error: Error): Socket {
  const socket = Object.assign(new Socket(), { write: () => true });
  setImmediate(() => setImmediate(() => socket.destroy(error)));
  return socket;
}

type Securing = { host: string; tls: NonNullable<PostgresTarget['tls']>; signal: AbortSignal };

async function secured(socket: Socket, { host, tls, signal }: Securing): Promise<Socket> {
  socket.write(sslRequest);
  const [answer] = (await once(socket, 'data', { signal })) as [Buffer];
  if (answer[0] !== agreed) {
    if (tls.optional) return socket;
    throw new Error('the server does not offer TLS');
  }
  const { connect } = await import('node:tls');
  const secure = connect({ socket, host, ...(isIP(host) === 0 && { servername: host }), ...tls });
  await once(secure, 'secureConnect', { signal });
  return secure;
}

function watched(socket: Socket, timeout: number): Socket {
  let asking = false;
  const watch = answerWatch(timeout, () => socket.destroy(new Error(`nothing was answered for ${timeout} ms`)));
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const ask = (...args: unknown[]): boolean => {
    if (!asking) watch.asked();
    asking = true;
    return write(...args);
  };
  socket.on('data', (chunk: Buffer) => {
    if (!asking) return;
    const end = chunk.length - readyLength;
    watch.answered();
    asking = end < 0 || chunk.compare(ready, 0, ready.length, end, end + ready.length) !== 0;
    if (asking) watch.asked();
  });
  socket.once('close', watch.stop);
  return Object.assign(socket, { write: ask });
}
