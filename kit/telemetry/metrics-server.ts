import type { Registry } from 'prom-client';
import type { HealthTargets } from '#kit/health/targets.ts';
import type { HttpReply } from '#kit/http/message.ts';
import { type PageServer, startPageServer } from '#kit/http/page-server.ts';

/** Serves a registry as Prometheus text on any path, as Dapr does. `begin` is awaited before it is first read. */
export function startMetricsServer(
  registry: Registry,
  targets: HealthTargets,
  at: { host: string; port: number },
  begin?: () => Promise<void>,
): Promise<PageServer> {
  let begun: Promise<void> | undefined;
  const page = async (): Promise<HttpReply> => {
    try {
      begun ??= begin?.();
      await begun;
      return { status: 200, headers: { 'content-type': registry.contentType }, body: await registry.metrics() };
    } catch (thrown) {
      return { status: 500, headers: { 'content-type': 'text/plain' }, body: String(thrown) };
    }
  };
  return startPageServer(page, { what: 'metrics', target: 'metrics-exporter', targets, at });
}
