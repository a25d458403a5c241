import type { KubeClient } from '#kit/kube/client.ts';
import type { QueueMetrics } from '#kit/kube/metrics.ts';
import { splitKey } from '#kit/kube/object.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { startWorkQueue } from '#kit/kube/work-queue.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SecretReader } from '../api/secrets.ts';
import type { Caches } from '../caches.ts';
import { differs } from '../resource.ts';
import { acceptComponent, type Catalog } from '../status/accept-component.ts';
import { loadedBy } from '../status/loaded.ts';
import { graceMs, type Reports } from '../status/reports.ts';
import { referencesOfComponent } from '../status/secret-references.ts';
import { secretsResolved, secretWaitMs } from '../status/secrets-resolved.ts';
import { writeStatus } from '../status/write-status.ts';
import { crowds } from './crowds.ts';

export type ComponentsOptions = {
  client: Pick<KubeClient, 'patch'>;
  caches: Pick<Caches, 'components' | 'pods'>;
  secrets: SecretReader;
  reports: Reports;
  log: Logger;
  metrics?: QueueMetrics;
  signal: AbortSignal;
  clock?: Clock;
  catalog?: Catalog;
};

export type ComponentsController = AsyncDisposable & {
  /** A sidecar said something new of these. */
  reported(namespace: string, names: readonly string[]): void;
};

/** Keeps the status of every Component: Accepted, SecretsResolved, Loaded n/m and the last error of each pod. */
export function startComponents(options: ComponentsOptions): ComponentsController {
  const { caches, log, signal, metrics, clock = systemClock } = options;
  const startedAt = clock.now();
  const queue = startWorkQueue({
    name: 'components',
    reconcile: (key) => reconcile(options, key, clock.now() - startedAt < graceMs, clock),
    concurrency: 4,
    log,
    signal,
    clock,
    ...(metrics && { metrics }),
  });
  const recount = crowds(clock, signal, (namespace) => {
    for (const { metadata } of caches.components.list(namespace)) queue.add(`${namespace}/${metadata.name}`);
  });
  const unsubscribe = [
    caches.components.subscribe((change) => {
      if (change.type === 'deleted') return;
      if (change.type === 'added' || differs(change.old, change.object)) queue.add(change.key);
    }),
    caches.pods.subscribe(({ key }) => recount(splitKey(key).namespace)),
  ];
  for (const { metadata } of caches.components.list()) queue.add(`${metadata.namespace}/${metadata.name}`);
  void clock.pause(graceMs, signal).then(() => {
    for (const { metadata } of caches.components.list()) queue.add(`${metadata.namespace}/${metadata.name}`);
  });
  return {
    reported(namespace, names) {
      for (const name of names) queue.addAfter(`${namespace}/${name}`, 500);
    },
    async [Symbol.asyncDispose]() {
      for (const end of unsubscribe) end();
      await queue[Symbol.asyncDispose]();
    },
  };
}

async function reconcile(
  { client, caches, secrets, reports, catalog }: ComponentsOptions,
  key: string,
  inGrace: boolean,
  clock: Clock,
): Promise<{ requeueAfterMs: number } | undefined> {
  const resource = caches.components.get(key);
  if (!resource) return undefined;
  const { finding, loaded, failures, any } = loadedBy(resource, caches.pods.list(resource.metadata.namespace), reports);
  const [accepted, resolved] = await Promise.all([
    acceptComponent(resource, any, catalog),
    secretsResolved(referencesOfComponent(resource), splitKey(key).namespace, secrets),
  ]);
  const before = resource.status as { loaded?: string } | undefined;
  // A new leader has heard of nobody yet: what the last one wrote is nearer to the truth.
  const hold = inGrace && finding.reason === 'Waiting' && before?.loaded !== undefined;
  const findings = hold ? [accepted, resolved] : [accepted, resolved, finding];
  const more = hold ? {} : { loaded, failures: failures.length > 0 ? failures : null };
  await writeStatus(client, daprResources.components, resource, findings, more, new Date(clock.now()));
  return resolved.status === 'False' ? { requeueAfterMs: secretWaitMs } : undefined;
}
