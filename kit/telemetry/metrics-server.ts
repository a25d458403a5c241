import { createServer } from 'node:http';
import type { Registry } from 'prom-client';
import type { HealthTargets } from '#kit/health/targets.ts';
import { listen } from '#kit/http/listen.ts';

export type MetricsServer = AsyncDisposable & { port: number };

/** Serves a registry as Prometheus text on any path, as Dapr does. */
export async function startMetricsServer(
  registry: Registry,
  targets: HealthTargets,
  at: { host: string; port: number },
): Promise<MetricsServer> {
  const own = targets.add('metrics-exporter');
  const server = createServer((_request, response) => {
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (thrown) => response.writeHead(500, { 'content-type': 'text/plain' }).end(String(thrown)),
    );
  });
  const port = await listen(server, 'metrics', at.host, at.port);
  own.ready();
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
