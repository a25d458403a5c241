import type { RequestListener } from 'node:http';
import { type PageServer, startPageServer } from '#kit/http/page-server.ts';
import type { HealthTargets } from './targets.ts';

/**
 * The control plane's health endpoint: `GET /healthz` answers 200 when every target is ready, else 503 with the names
 * of those that are not. `routes` adds further GET pages by path (placement's `/placement/state`).
 */
export function startHealthServer(
  targets: HealthTargets,
  at: { host: string; port: number },
  routes: Readonly<Record<string, () => { status: number; contentType: string; body: string }>> = {},
): Promise<PageServer> {
  const listener: RequestListener = (request, response) => {
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
  };
  return startPageServer(listener, { what: 'health checks', target: 'healthz-server', targets, at });
}
