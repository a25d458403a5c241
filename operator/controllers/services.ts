import type { Counter } from 'prom-client';
import { Fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { QueueMetrics } from '#kit/kube/metrics.ts';
import { type KubeObject, objectKey, splitKey } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import { startWorkQueue, type WorkQueue } from '#kit/kube/work-queue.ts';
import type { Logger } from '#kit/log/logger.ts';
import { isAsPlanned, planService, type Service } from './service-plan.ts';
import type { Workload } from './workload.ts';

export type ServiceCounters = Readonly<Record<'created' | 'updated' | 'deleted', Counter<'app_id'>>>;

export type ServicesOptions = {
  client: KubeClient;
  workloads: readonly Informer<Workload>[];
  /** Services labelled `dapr.io/enabled=true`. */
  services: Informer<Service & KubeObject>;
  /** Whether sidecars speak TLS to each other. */
  mtls: boolean;
  log: Logger;
  metrics: QueueMetrics;
  counters: ServiceCounters;
  signal: AbortSignal;
};

/**
 * Keeps one Service `<app-id>-dapr` for each Dapr workload. A Service that somebody changes or deletes comes back; one
 * whose workload goes is left to Kubernetes' garbage collection.
 */
export function startServices(options: ServicesOptions): WorkQueue {
  const { workloads, services, counters, log, metrics, signal } = options;
  const queue = startWorkQueue({
    name: 'services',
    reconcile: (key) => reconcile(options, key),
    concurrency: 8,
    log,
    metrics,
    signal,
  });
  workloads.forEach((informer, index) => {
    informer.subscribe(({ key, type }) => type !== 'deleted' && queue.add(`${index}/${key}`));
    for (const { namespace, name } of informer.list()) queue.add(`${index}/${namespace}/${name}`);
  });
  services.subscribe((change) => {
    if (change.type === 'added') return;
    if (change.type === 'deleted')
      counters.deleted.inc({ app_id: change.object.metadata.annotations?.['dapr.io/app-id'] ?? '' });
    const owner = change.object.metadata.ownerReferences?.find((reference) => reference.controller);
    const { namespace } = splitKey(objectKey(change.object));
    const index = workloads.findIndex((informer) => informer.get(`${namespace}/${owner?.name}`)?.kind === owner?.kind);
    if (owner && index >= 0) queue.add(`${index}/${namespace}/${owner.name}`);
  });
  return queue;
}

async function reconcile(
  { client, workloads, services, mtls, log, counters }: ServicesOptions,
  key: string,
): Promise<undefined> {
  const slash = key.indexOf('/');
  const workload = workloads[Number(key.slice(0, slash))]?.get(key.slice(slash + 1));
  if (!workload || workload.deleting || !workload.annotations['dapr.io/enabled']) return;
  const planned = planOrLog(workload, mtls, log);
  if (!planned) return;
  const at = { namespace: workload.namespace, name: planned.metadata.name! };
  const app = { app_id: workload.annotations['dapr.io/app-id']! };
  const held = services.get(`${at.namespace}/${at.name}`);
  if (held && isAsPlanned(planned, held)) return;
  const actual = held ?? (await existing(client, at));
  if (!actual) {
    await client.create(resources.services, planned);
    counters.created.inc(app);
  } else if (!isAsPlanned(planned, actual)) {
    const { resourceVersion } = actual.metadata;
    // clusterIP of a Service that was there before cannot be taken from it.
    const clusterIP = actual.spec.clusterIP ?? planned.spec.clusterIP!;
    const metadata = { ...planned.metadata, ...(resourceVersion && { resourceVersion }) };
    await client.update(resources.services, { metadata, spec: { ...planned.spec, clusterIP } });
    counters.updated.inc(app);
  }
}

/** None for an app ID that cannot name a Service: trying again would not help. */
function planOrLog(workload: Workload, mtls: boolean, log: Logger): Service | undefined {
  try {
    return planService(workload, { mtls });
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    log.error(`No Service for ${workload.kind} ${workload.namespace}/${workload.name}: ${thrown.message}`);
    return undefined;
  }
}

async function existing(client: KubeClient, at: { namespace: string; name: string }): Promise<Service | undefined> {
  try {
    return await client.get<Service>(resources.services, at);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.key === 'not-found') return undefined;
    throw thrown;
  }
}
