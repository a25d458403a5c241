import { createServer } from 'node:http';
import { listen } from '#kit/http/listen.ts';
import type { HealthTargets } from './targets.ts';

export type HealthServer = AsyncDisposable & { port: number };

/**
 * The control plane's health endpoint: `GET /healthz` answers 200 when every target is ready, else 503 with the names
 * of those that are not. `routes` adds further GET pages by path (placement's `/placement/state`).
 */
export async function startHealthServer(
  targets: HealthTargets,
  at: { host: string; port: number },
  routes: Readonly<Record<string, () => { status: number; contentType: string; body: string }>> = {},
): Promise<HealthServer> {
  const own = targets.add('healthz-server');
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0]!;
    const route = routes[path];
    if (route) {
      const page = route();
      response.writeHead(page.status, { 'content-type': page.contentType }).end(page.body);
    } else if (path !== '/healthz') response.writeHead(404).end();
    else if (targets.ready()) response.writeHead(200).end();
    else
      response
        .writeHead(503, { 'content-type': 'text/plain' })
        .end(`waiting for: ${targets.waitingFor().join(', ')}\n`);
  });
  const port = await listen(server, 'health checks', at.host, at.port);
  own.ready();
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
