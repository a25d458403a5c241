import type { KubeClient } from '#kit/kube/client.ts';
import { type Informer, type InformerOptions, startInformer } from '#kit/kube/informer.ts';
import type { KubeMetrics } from '#kit/kube/metrics.ts';
import { daprResources, type Resource, resources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type DaprPod, daprPod } from './pod.ts';
import type { DaprResource } from './resource.ts';

/** What every replica keeps of the cluster, leader or not. */
export type Caches = Record<keyof typeof daprResources, Informer<DaprResource>> & { pods: Informer<DaprPod> };

export type CacheOptions = {
  client: KubeClient;
  /** Empty for every namespace. */
  namespace: string;
  log: Logger;
  metrics: KubeMetrics;
  signal: AbortSignal;
  verifyMs: number;
};

/** What all informers of the operator have in common. */
export function informerBase(options: CacheOptions, resource: Resource) {
  return {
    client: options.client,
    resource,
    selection: { namespace: options.namespace },
    log: options.log,
    metrics: options.metrics.informer(resource.plural),
    signal: options.signal,
    timing: { verifyMs: options.verifyMs },
  } satisfies InformerOptions<unknown>;
}

/** Starts them all; they end with the signal. */
export function openCaches(options: CacheOptions): Caches {
  const base = (resource: Resource) => informerBase(options, resource);
  const dapr = Object.entries(daprResources).map(
    ([name, resource]) => [name, startInformer<DaprResource>(base(resource))] as const,
  );
  return {
    ...(Object.fromEntries(dapr) as Omit<Caches, 'pods'>),
    pods: startInformer<DaprPod>({
      ...base(resources.pods),
      // A pod that has ended has no sidecar any more, and its metadata would not tell.
      selection: {
        namespace: options.namespace,
        metadataOnly: true,
        fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
      },
      transform: daprPod,
    }),
  };
}

/** Resolves once every cache holds the cluster's state. */
export async function cachesSynced(caches: Caches): Promise<void> {
  await Promise.all(Object.values(caches).map((informer: { synced: Promise<void> }) => informer.synced));
}
