import type { HealthTargets } from '#kit/health/targets.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Security } from '#kit/security/security.ts';
import type { Tracing } from '#kit/telemetry/tracing/tracing.ts';
import type { RuntimeConfig } from '../config.ts';
import { enabledFeatures } from '../resources/configuration.ts';
import { identityMetrics } from '../telemetry/identity-metrics.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { startProfiling } from './profiling.ts';
import { type Resources, startResources } from './resources.ts';
import { startSecurity } from './security.ts';
import { startTracing } from './tracing.ts';

export type FoundationStart = {
  config: RuntimeConfig;
  targets: HealthTargets;
  log: Logger;
  signal: AbortSignal;
  stack: AsyncDisposableStack;
};

/** What every later part of the start stands on. */
export type Foundation = {
  config: RuntimeConfig;
  /** Undefined without an identity. */
  security: Security | undefined;
  resources: Resources;
  features: readonly string[];
  /** Undefined where nothing is measured. */
  metrics: Metrics | undefined;
  tracing: Tracing;
  /** Whether any call is traced. */
  traces: boolean;
  log: Logger;
  /** Fires when the sidecar has ended, or starts again. */
  signal: AbortSignal;
  stack: AsyncDisposableStack;
};

/** Gets the identity, reads the Configuration and where resources come from, opens what measures and traces. */
export async function startFoundation(start: FoundationStart): Promise<Foundation> {
  const { config, targets, log, signal, stack } = start;
  const scope = { log, signal, stack };
  const security = await startSecurity(config, { targets, log, signal });
  log.info(`${config.mode} mode configured`);
  log.info(`app id: ${config.appId}`);
  const resources = await startResources({ config, security, ...scope });
  const { configuration } = resources;
  const features = enabledFeatures(configuration);
  log.info(`Enabled features: ${features.join(' ')}`);
  const metrics = await openMetrics(config, configuration, targets, stack, log);
  if (metrics && security) identityMetrics(metrics.registry, config.appId, security);
  await startProfiling(config, { log, stack });
  const { tracing, active } = await startTracing({ config, configuration, log, stack });
  return { config, security, resources, features, metrics, tracing, traces: active, ...scope };
}
