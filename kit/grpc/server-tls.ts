import type { SecureContextOptions, Server, TLSSocket, TlsOptions } from 'node:tls';
import type { ServerTls, TlsMaterial } from './tls.ts';

/** Options of `node:tls` for a side which holds that material. */
export function contextOptions(material: TlsMaterial): SecureContextOptions {
  return { ...material, minVersion: 'TLSv1.2' };
}

/** Options of a secure server at its start. */
export function secureServerOptions(tls: ServerTls): TlsOptions {
  return {
    ...contextOptions(tls.material()),
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
    server.setSecureContext(contextOptions(newest));
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
