import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket, type ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import { contextOptions } from './server-tls.ts';
import { Session, type SessionEvents } from './session.ts';
import type { Address } from './target.ts';
import type { ClientTls } from './tls.ts';

export type DialOptions = {
  tls: ClientTls | undefined;
  timeoutMs: number;
  /** As of the session. */
  lost: SessionEvents['lost'];
};

/** Opens a session: resolves when the server has sent its settings, rejects with what hindered it. */
export function dial(address: Address, { tls, timeoutMs, lost }: DialOptions): Promise<Session> {
  return new Promise((resolve, reject) => {
    const socket = tls === undefined ? plain(address) : secure(address, tls);
    const late = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    let failure: Error | undefined;
    const failed = (): void => {
      clearTimeout(late);
      reject(failure ?? new Error('the connection was closed'));
    };
    socket.on('error', (cause) => {
      failure ??= cause;
    });
    socket.once('close', failed);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      failure = refusalOf(socket, tls);
      if (failure !== undefined) {
        socket.destroy();
        return;
      }
      socket.setNoDelay(true);
      const session = new Session(socket, {
        ready() {
          clearTimeout(late);
          socket.off('close', failed);
          resolve(session);
        },
        lost(error) {
          failure ??= error;
          lost(error);
        },
      });
    });
  });
}

/** What `verify` has against the server's certificate. */
function refusalOf(socket: Socket, tls: ClientTls | undefined): Error | undefined {
  if (tls?.verify === undefined) return undefined;
  try {
    const certificate = (socket as TLSSocket).getPeerX509Certificate();
    if (certificate === undefined) throw new Error('the server sent no certificate');
    tls.verify(certificate);
    return undefined;
  } catch (thrown) {
    return thrown as Error;
  }
}

const plain = (address: Address): Socket => connectTcp({ ...address });

function secure(address: Address, tls: ClientTls): Socket {
  const options: TlsConnectionOptions = { ...address, ...contextOptions(tls.material()), ALPNProtocols: ['h2'] };
  if (tls.insecure) options.rejectUnauthorized = false;
  if (tls.verify !== undefined) options.checkServerIdentity = () => undefined;
  const name = tls.serverName ?? ('host' in address ? address.host : 'localhost');
  if (isIP(name) === 0) options.servername = name;
  return connectTls(options);
}
