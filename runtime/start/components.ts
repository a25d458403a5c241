import { type Component, component } from '#crds/component.ts';
import type { Configuration } from '#crds/configuration.ts';
import type { Logger } from '#kit/log/logger.ts';
import { kinds } from '../blocks/kinds.ts';
import { secretKind } from '../blocks/secrets/kind.ts';
import type { RuntimeConfig } from '../config.ts';
import { openHosted } from '../hosts/open.ts';
import { type PluggableSockets, pluggableSockets, socketsFolder } from '../hosts/pluggable.ts';
import type { Policies } from '../policy/guards.ts';
import { createRegistry, type Registry } from '../registry.ts';
import { refuseDuplicates } from '../resources/component-names.ts';
import { type ComponentLoader, createComponentLoader } from '../resources/components.ts';
import { inScope, type ResourceSource } from '../resources/source.ts';
import { componentMetrics } from '../telemetry/component-metrics.ts';
import { loadMetrics } from '../telemetry/load-metrics.ts';
import type { Metrics } from './metrics.ts';

export type ComponentsStart = {
  config: RuntimeConfig;
  configuration: Configuration;
  source: ResourceSource;
  policies: Policies;
  /** Told how each load ended. */
  report(component: Component, problem: Error | undefined): void;
  metrics: Metrics | undefined;
  log: Logger;
  signal: AbortSignal;
  stack: AsyncDisposableStack;
};

export type ComponentsStarted = {
  registry: Registry;
  loader: ComponentLoader;
  sockets: PluggableSockets;
  /** Those that were to be loaded. */
  initial: readonly Component[];
  /** Those of a list that are meant for the app. */
  wanted(all: readonly Component[]): Component[];
};

/** Loads every component that is meant for the app; all are closed together at the end. */
export async function startComponents(start: ComponentsStart): Promise<ComponentsStarted> {
  const { config, configuration, source, policies, metrics, log, signal, stack } = start;
  const registry = createRegistry();
  stack.defer(() => closeAll(registry, log));
  const { appId, namespace } = config;
  const observers = metrics && componentMetrics(metrics.registry, metrics.app, metrics.buckets);
  const counted = metrics && loadMetrics(metrics.registry, appId);
  const sockets = pluggableSockets(socketsFolder(config.env), log.scoped('dapr.runtime.components.pluggable'));
  const loader = createComponentLoader({
    kinds,
    registry,
    world: {
      appId,
      namespace,
      podName: config.podName,
      env: config.env,
      operatorResolves: config.mode === 'kubernetes',
      log,
    },
    keyNamespace: config.namespaceGiven ? namespace : '',
    open: (spec, context) => openHosted(spec, { ...context, sockets }),
    guard: policies.componentGuard,
    observe: (kind, name) => observers?.(kind, name),
    report(one, problem) {
      counted?.(one, problem);
      start.report(one, problem);
    },
    log,
    signal,
  });
  log.info('Loading components…');
  const all = await source.list(component);
  refuseDuplicates(all);
  const denied = configuration.spec.components?.deny ?? [];
  const wanted = (found: readonly Component[]): Component[] => {
    const builtIn = needsKubernetesStore(config, found) ? [kubernetesStore()] : [];
    return [...builtIn, ...found.filter((one) => inScope(one, appId) && !isDenied(one.spec, denied))];
  };
  const initial = wanted(all);
  await loader.loadAll(initial);
  log.info('All outstanding components processed');
  for (const { storeName } of configuration.spec.secrets?.scopes ?? []) {
    if (registry.of(secretKind).has(storeName)) continue;
    log.warn(`Secrets configuration added for '${storeName}', but no matching secret store was found`);
  }
  return { registry, loader, sockets, initial, wanted };
}

/** In Kubernetes there is always a store of the cluster's Secrets, unless it is turned off or the user has made one. */
function needsKubernetesStore(
  { mode, disableKubernetesSecretStore }: RuntimeConfig,
  all: readonly Component[],
): boolean {
  if (mode !== 'kubernetes' || disableKubernetesSecretStore) return false;
  return !all.some((one) => one.metadata.name === 'kubernetes');
}

const kubernetesStore = (): Component =>
  component.parse({ metadata: { name: 'kubernetes' }, spec: { type: 'secretstores.kubernetes', version: 'v1' } });

/** Whether `spec.components.deny` names a type, alone or with its version. */
function isDenied({ type, version }: { type: string; version: string }, denied: readonly string[]): boolean {
  const versioned = `${type}/${version || 'v1'}`.toLowerCase();
  return denied.some((one) => one.toLowerCase() === type.toLowerCase() || one.toLowerCase() === versioned);
}

async function closeAll(registry: Registry, log: Logger): Promise<void> {
  await Promise.all(
    registry.all().map(async (loaded) => {
      log.info(`Shutting down component ${loaded.name} (${loaded.type}/${loaded.version})`);
      registry.remove(loaded.kind, loaded.name);
      try {
        await loaded.close();
      } catch (thrown) {
        log.warn(`Component ${loaded.name} did not close well: ${(thrown as Error).message}`);
      }
    }),
  );
}
