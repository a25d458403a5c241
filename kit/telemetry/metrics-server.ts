import type { Registry } from 'prom-client';
import type { HealthTargets } from '#kit/health/targets.ts';
import { type PageServer, startPageServer } from '#kit/http/page-server.ts';

/** Serves a registry as Prometheus text on any path, as Dapr does. */
export function startMetricsServer(
  registry: Registry,
  targets: HealthTargets,
  at: { host: string; port: number },
): Promise<PageServer> {
  return startPageServer(
    (_request, response) => {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        (thrown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(String(thrown)),
      );
    },
    { what: 'metrics', target: 'metrics-exporter', targets, at },
  );
}
