import { constants } from 'node:crypto';
import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls';
import type { ServerTls, TlsMaterial } from './tls.ts';

/** Options of `node:tls` for a side which holds that material. */
export function contextOptions(material: TlsMaterial): SecureContextOptions {
  return { ...material, minVersion: 'TLSv1.2' };
}

/** Of `brief` servers; key exchanges in the server's order. */
const brief: SecureContextOptions = {
  ecdhCurve: 'X25519:P-256:P-384:X25519MLKEM768',
  secureOptions: constants.SSL_OP_NO_TICKET,
};

const serverContext = (tls: ServerTls, material = tls.material()): SecureContextOptions => ({
  ...contextOptions(material),
  ...(tls.brief ? brief : {}),
});

/** Options of a secure server at its start. */
export function secureServerOptions(tls: ServerTls): TlsOptions {
  return {
    ...serverContext(tls),
    requestCert: tls.mutual === true,
    rejectUnauthorized: tls.mutual === true,
    ALPNProtocols: ['h2'],
  };
}

/** Has each new connection use the newest material, and checks its certificate further if asked. */
export function watchMaterial(server: Server, tls: ServerTls): void {
  let current = tls.material();
  server.prependListener('connection', () => {
    const newest = tls.material();
    if (newest === current) return;
    current = newest;
    server.setSecureContext(serverContext(tls, newest));
  });
  const { verify } = tls;
  if (verify === undefined) return;
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    try {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) throw new Error('the client sent no certificate');
      verify(certificate);
    } catch {
      socket.destroy();
    }
  });
}
