import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { contextOptions, watchMaterial } from '#kit/grpc/server-tls.ts';
import { listen } from '#kit/http/listen.ts';
import { webhookIdleMs } from '#kit/http/webhook-idle.ts';
import type { Security } from '#kit/security/security.ts';

export type WebhookServer = AsyncDisposable & { port: number };

/** How long open requests may take once we shut down. */
const drainMs = 5_000;

/**
 * Serves over TLS with our identity, and with each new one from the moment it is there. Callers show no certificate:
 * an API server has none.
 */
export async function startWebhookServer(
  handler: RequestListener,
  security: Pick<Security, 'openServerTls'>,
  at: { host: string; port: number },
): Promise<WebhookServer> {
  const tls = security.openServerTls();
  const options = { ...contextOptions(tls.material()), requestTimeout: 30_000, keepAliveTimeout: webhookIdleMs };
  const server = createServer(options, handler);
  watchMaterial(server, tls);
  const port = await listen(server, 'the webhook', at.host, at.port);
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const late = setTimeout(() => server.closeAllConnections(), drainMs);
      await closed;
      clearTimeout(late);
    },
  };
}
