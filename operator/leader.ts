import { eventRecorder } from '#kit/kube/event-recorder.ts';
import { type Informer, startInformer } from '#kit/kube/informer.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { untilAborted } from '#kit/lifecycle/until-aborted.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SecretReader } from './api/secrets.ts';
import { type CacheOptions, type Caches, cachesSynced, informerBase } from './caches.ts';
import type { OperatorConfig } from './config.ts';
import { startAccepted } from './controllers/accepted.ts';
import { startComponents } from './controllers/components.ts';
import { upgradeDefinitions } from './controllers/definitions.ts';
import { startInUse } from './controllers/in-use.ts';
import { startPodWarnings } from './controllers/pod-warnings.ts';
import type { Service } from './controllers/service-plan.ts';
import { type ServiceCounters, startServices } from './controllers/services.ts';
import { startSkippedPods } from './controllers/skipped-pods.ts';
import { runWatchdog } from './controllers/watchdog.ts';
import { type Workload, workloadOf } from './controllers/workload.ts';
import type { Mesh } from './mesh.ts';
import type { News, Reports } from './status/reports.ts';

/** Takes what a sidecar of a namespace said anew. */
export type Reported = (namespace: string, news: News) => void;

export type LeaderOptions = {
  config: OperatorConfig;
  mesh: Mesh;
  caches: Caches;
  cacheOptions: CacheOptions;
  counters: ServiceCounters;
  secrets: SecretReader;
  reports: Reports;
  /** Where sidecars' news goes while this replica leads. */
  onLeading(reported: Reported | undefined): void;
  log: Logger;
};

/** What one replica does at a time: whatever writes. Runs until the signal fires. */
export async function lead(options: LeaderOptions, signal: AbortSignal): Promise<void> {
  const { config, caches, log } = options;
  const cacheOptions = { ...options.cacheOptions, signal };
  const { client } = cacheOptions;
  await using stack = new AsyncDisposableStack();
  await upgradeDefinitions(client, log);
  const kinds = [
    resources.deployments,
    resources.statefulSets,
    ...(config.services.rollouts ? [resources.rollouts] : []),
  ];
  const workloads = kinds.map((resource) =>
    stack.use(startInformer<Workload>({ ...informerBase(cacheOptions, resource), transform: workloadOf(resource) })),
  );
  if (config.services.enabled) stack.use(await keepServices(options, cacheOptions, workloads));
  await Promise.all([...workloads.map((informer) => informer.synced), cachesSynced(caches)]);
  stack.use(keepStatus(options, signal));
  const [deployments] = workloads as [Informer<Workload>];
  const events = eventRecorder({ client, component: 'dapr-operator', log });
  const { namespace } = config;
  stack.use(startSkippedPods({ client, pods: caches.pods, deployments, namespace, events, log, signal }));
  stack.use(startPodWarnings({ pods: caches.pods, events, clock: systemClock }));
  const watchdog = config.watchdog
    ? runWatchdog({ client, config: config.watchdog, pods: caches.pods, deployments, log }, signal)
    : undefined;
  await untilAborted(signal);
  await watchdog;
}

async function keepServices(
  { mesh, counters, log }: LeaderOptions,
  cacheOptions: CacheOptions,
  workloads: readonly Informer<Workload>[],
): Promise<AsyncDisposable> {
  const { client, signal } = cacheOptions;
  await using stack = new AsyncDisposableStack();
  const base = informerBase(cacheOptions, resources.services);
  const selection = { ...base.selection, labelSelector: 'dapr.io/enabled=true' };
  const services = stack.use(startInformer<Service & KubeObject>({ ...base, selection }));
  await services.synced;
  const metrics = cacheOptions.metrics.queue('services');
  stack.use(startServices({ client, workloads, services, mtls: mesh.mtls, log, metrics, counters, signal }));
  return stack.move();
}

function keepStatus(options: LeaderOptions, signal: AbortSignal): AsyncDisposable {
  const { caches, secrets, reports, log, onLeading } = options;
  const { client, metrics } = options.cacheOptions;
  const stack = new AsyncDisposableStack();
  const components = stack.use(
    startComponents({ client, caches, secrets, reports, log, signal, metrics: metrics.queue('components') }),
  );
  stack.use(startAccepted({ client, caches, secrets, log, signal, metrics }));
  const others = stack.use(startInUse({ client, caches, secrets, reports, log, signal, metrics }));
  onLeading((namespace, news) => {
    components.reported(namespace, news.components);
    others.reported(namespace, news);
  });
  stack.defer(() => onLeading(undefined));
  return stack;
}
