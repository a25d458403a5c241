import type { KubeClient } from '#kit/kube/client.ts';
import type { QueueMetrics } from '#kit/kube/metrics.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { startWorkQueue } from '#kit/kube/work-queue.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Caches } from '../caches.ts';
import { differs } from '../resource.ts';
import { acceptConfiguration } from '../status/accept-configuration.ts';
import { writeStatus } from '../status/write-status.ts';

export type ConfigurationsOptions = {
  client: Pick<KubeClient, 'patch'>;
  configurations: Caches['configurations'];
  log: Logger;
  metrics?: QueueMetrics;
  signal: AbortSignal;
};

/** Keeps the condition Accepted of every Configuration. */
export function startConfigurations({
  client,
  configurations,
  log,
  metrics,
  signal,
}: ConfigurationsOptions): AsyncDisposable {
  const queue = startWorkQueue({
    name: 'configurations',
    async reconcile(key) {
      const resource = configurations.get(key);
      if (!resource) return undefined;
      await writeStatus(
        client,
        daprResources.configurations,
        resource,
        [acceptConfiguration(resource)],
        {},
        new Date(),
      );
      return undefined;
    },
    log,
    signal,
    ...(metrics && { metrics }),
  });
  const unsubscribe = configurations.subscribe((change) => {
    if (change.type === 'added' || (change.type === 'updated' && differs(change.old, change.object)))
      queue.add(change.key);
  });
  for (const { metadata } of configurations.list()) queue.add(`${metadata.namespace}/${metadata.name}`);
  return {
    async [Symbol.asyncDispose]() {
      unsubscribe();
      await queue[Symbol.asyncDispose]();
    },
  };
}
