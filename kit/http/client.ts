import type { HttpClient, HttpClientOptions } from './call.ts';
import { connectHttp1 } from './http1-client.ts';

/** How long an idle connection is kept where the server does not say. */
const idleMs = 4_000;

/** Opens a client. Nothing is dialled before the first call. */
export async function connectHttp(options: HttpClientOptions): Promise<HttpClient> {
  if (options.h2c) return (await import('./h2c-client.ts')).connectH2c(options);
  const { insecure, ...material } = options.tls ?? {};
  const tls = { ...material, ...(insecure ? { rejectUnauthorized: false } : {}), ALPNProtocols: ['http/1.1'] };
  return connectHttp1({
    origin: new URL(options.origin),
    socketPath: options.socketPath,
    tls: () => tls,
    timeoutMs: options.connectTimeoutMs ?? 10_000,
    maxConnections: options.maxConnections ?? Number.POSITIVE_INFINITY,
    idleMs,
    acceptShort: true,
  });
}
