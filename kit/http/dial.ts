import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { unseen } from '#kit/errors/unseen.ts';

/** Where a client's connections go. */
export type Destination = {
  /** `http:` or `https:` with host and port. */
  origin: URL;
  socketPath?: string | undefined;
  /** Options of `node:tls` for `https`, asked anew for each connection. */
  tls(): ConnectionOptions;
  timeoutMs: number;
};

/** Dials. Rejects, as `unseen`, with the system's error, or one that says why the server's certificate is not trusted. */
export function dial(destination: Destination): Promise<Socket> {
  const { origin, socketPath, timeoutMs } = destination;
  const secure = origin.protocol === 'https:';
  const host = origin.hostname.replace(/^\[|\]$/g, '');
  const target =
    socketPath === undefined ? { host, port: Number(origin.port) || (secure ? 443 : 80) } : { path: socketPath };
  return new Promise((resolve, reject) => {
    const options = { ...target, noDelay: true };
    const socket = secure
      ? connectTls({
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...destination.tls(),
          ...options,
        } as ConnectionOptions)
      : connectTcp(options);
    const late = setTimeout(() => socket.destroy(timedOut(timeoutMs)), timeoutMs);
    const failed = (cause: NodeJS.ErrnoException): void => {
      clearTimeout(late);
      reject(unseen(secure ? untrusted(cause) : cause));
    };
    socket.once('error', failed);
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(late);
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

const timedOut = (timeoutMs: number): Error =>
  Object.assign(new Error(`no connection within ${timeoutMs} ms`), { code: 'ETIMEDOUT' });

/** OpenSSL's names for what can be wrong with a server's certificate. */
const verification = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)|CRL|ERR_TLS_CERT/;

/** In Go's words, which Dapr's users search for. */
function untrusted(cause: NodeJS.ErrnoException): Error {
  const { code = '' } = cause;
  if (!verification.test(code) || /BAD_CERTIFICATE|ALERT/.test(code)) return cause;
  return new Error(`tls: failed to verify certificate: ${cause.message} (${code})`, { cause });
}
