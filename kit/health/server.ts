import type { HttpHandler } from '#kit/http/message.ts';
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
  const handle: HttpHandler = ({ url }) => {
    const path = url.split('?')[0]!;
    const route = routes[path];
    if (route) {
      const { status, contentType, body } = route();
      return { status, headers: { 'content-type': contentType }, body };
    }
    if (path !== '/healthz') return { status: 404 };
    if (targets.ready()) return { status: 200 };
    const body = `waiting for: ${targets.waitingFor().join(', ')}\n`;
    return { status: 503, headers: { 'content-type': 'text/plain' }, body };
  };
  return startPageServer(handle, { what: 'health checks', target: 'healthz-server', targets, at });
}
