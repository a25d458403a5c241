import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Configuration } from '#crds/configuration.ts';
import type { HealthTargets } from '#kit/health/targets.ts';
import { startMetricsServer } from '#kit/telemetry/metrics-server.ts';
import type { RuntimeConfig } from '../config.ts';

/** The sidecar's metrics: undefined when flags or the Configuration turn them off. */
export type Metrics = { registry: Registry; buckets: readonly number[] | undefined; recordErrorCodes: boolean };

/** `spec.metrics` laid over its older name `spec.metric`. */
export function metricSpec({ spec }: Configuration) {
  return { ...spec.metric, ...spec.metrics };
}

/** Makes the registry and serves it. */
export async function openMetrics(
  config: RuntimeConfig,
  configuration: Configuration,
  targets: HealthTargets,
  stack: AsyncDisposableStack,
): Promise<Metrics | undefined> {
  const spec = metricSpec(configuration);
  if (!config.metrics.enabled || spec.enabled === false) return undefined;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  stack.use(await startMetricsServer(registry, targets, { host: config.metrics.address, port: config.metrics.port }));
  const buckets = spec.latencyDistributionBuckets;
  return {
    registry,
    buckets: buckets && buckets.length > 0 ? buckets : undefined,
    recordErrorCodes: spec.recordErrorCodes ?? false,
  };
}
