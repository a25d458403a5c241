import { collectDefaultMetrics, type Registry } from 'prom-client';
import type { Configuration } from '#crds/configuration.ts';
import type { HealthTargets } from '#kit/health/targets.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { RuledRegistry } from '#kit/telemetry/label-rules.ts';
import { startMetricsServer } from '#kit/telemetry/metrics-server.ts';
import type { RuntimeConfig } from '../config.ts';
import type { DoorWatch } from '../doors/served.ts';
import { type AppMetrics, appMetrics } from '../telemetry/app-metrics.ts';
import type { MeasuredApp } from '../telemetry/component-metrics.ts';
import { type InvocationWatch, invocationMetrics } from '../telemetry/invocation-metrics.ts';
import { errorCodeMetrics, serverMetrics } from '../telemetry/server-metrics.ts';

/** The sidecar's metrics: undefined when flags or the Configuration turn them off. */
export type Metrics = {
  registry: Registry;
  app: MeasuredApp;
  /** Bounds of latency histograms, where the Configuration has them. */
  buckets: readonly number[] | undefined;
  /** Counts calls at the doors, and the codes of errors where the Configuration asks for it. */
  watch: DoorWatch;
  /** Counts calls of the app and of endpoints. */
  outgoing: AppMetrics;
  /** Counts calls between sidecars. */
  invocation: InvocationWatch;
};

/** `spec.metrics` laid over its older name `spec.metric`. */
function metricSpec({ spec }: Configuration) {
  return { ...spec.metric, ...spec.metrics };
}

/** Makes the registry and serves it. */
export async function openMetrics(
  config: RuntimeConfig,
  configuration: Configuration,
  targets: HealthTargets,
  stack: AsyncDisposableStack,
  log: Logger,
): Promise<Metrics | undefined> {
  const spec = metricSpec(configuration);
  log.info(`metric spec: ${JSON.stringify(spec)}`);
  if (!config.metrics.enabled || spec.enabled === false) return undefined;
  const registry = new RuledRegistry(spec.rules ?? []);
  const at = { host: config.metrics.address, port: config.metrics.port };
  stack.use(await startMetricsServer(registry, targets, at, () => watchProcess(registry)));
  const given = spec.latencyDistributionBuckets;
  const buckets = given && given.length > 0 ? given : undefined;
  const { increasedCardinality = true, pathMatching = [], excludeVerbs = false } = spec.http ?? {};
  const settings = { increasedCardinality, pathMatching, excludeVerbs, buckets };
  return {
    registry,
    app: { appId: config.appId, namespace: config.namespaceGiven ? config.namespace : '' },
    buckets,
    outgoing: appMetrics(registry, config.appId, settings),
    invocation: invocationMetrics(registry, config.appId, buckets),
    watch: {
      served: serverMetrics(registry, config.appId, settings),
      failed: spec.recordErrorCodes ? errorCodeMetrics(registry, config.appId) : undefined,
    },
  };
}

/** Node's own metrics, from when someone first reads: watching the event loop costs an idle sidecar a timer. */
async function watchProcess(registry: Registry): Promise<void> {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: lagEveryMs });
  await systemClock.pause(2 * lagEveryMs);
}

/** How often the event loop's lag is looked at; without a sample it is no number. */
const lagEveryMs = 10;
