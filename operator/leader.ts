import { startInformer } from '#kit/kube/informer.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import { untilAborted } from '#kit/lifecycle/until-aborted.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type CacheOptions, type Caches, informerBase } from './caches.ts';
import type { OperatorConfig } from './config.ts';
import type { Service } from './controllers/service-plan.ts';
import { type ServiceCounters, startServices } from './controllers/services.ts';
import { runWatchdog } from './controllers/watchdog.ts';
import { type Workload, workloadOf } from './controllers/workload.ts';
import type { Mesh } from './mesh.ts';

export type LeaderOptions = {
  config: OperatorConfig;
  mesh: Mesh;
  caches: Caches;
  cacheOptions: CacheOptions;
  counters: ServiceCounters;
  log: Logger;
};

/** What one replica does at a time: whatever writes. Runs until the signal fires. */
export async function lead(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const { config, mesh, caches, counters, log } = options;
  const cacheOptions = { ...options.cacheOptions, signal };
  const { client } = cacheOptions;
  await using stack = new AsyncDisposableStack();
  const kinds = [
    resources.deployments,
    resources.statefulSets,
    ...(config.services.rollouts ? [resources.rollouts] : []),
  ];
  const workloads = kinds.map((resource) =>
    stack.use(startInformer<Workload>({ ...informerBase(cacheOptions, resource), transform: workloadOf(resource) })),
  );
  const running: Promise<void>[] = [];
  if (config.services.enabled) {
    const base = informerBase(cacheOptions, resources.services);
    const selection = { ...base.selection, labelSelector: 'dapr.io/enabled=true' };
    const services = stack.use(startInformer<Service & KubeObject>({ ...base, selection }));
    await services.synced;
    const metrics = cacheOptions.metrics.queue('services');
    stack.use(startServices({ client, workloads, services, mtls: mesh.mtls, log, metrics, counters, signal }));
  }
  if (config.watchdog) {
    await Promise.all([...workloads.map((informer) => informer.synced), caches.pods.synced]);
    const watchdog = { client, config: config.watchdog, pods: caches.pods, deployments: workloads[0]!, log };
    running.push(runWatchdog(watchdog, signal));
  }
  await untilAborted(signal);
  await Promise.all(running);
}
