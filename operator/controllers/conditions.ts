import type { KubeClient } from '#kit/kube/client.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { QueueMetrics } from '#kit/kube/metrics.ts';
import { objectKey } from '#kit/kube/object.ts';
import type { Resource } from '#kit/kube/resource.ts';
import { startWorkQueue } from '#kit/kube/work-queue.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type DaprResource, differs } from '../resource.ts';
import type { Finding } from '../status/condition.ts';
import { writeStatus } from '../status/write-status.ts';

export type ConditionsOptions = {
  client: Pick<KubeClient, 'patch'>;
  resource: Resource;
  informer: Pick<Informer<DaprResource>, 'get' | 'list' | 'subscribe'>;
  /** What there is to say of an object now. */
  look(object: DaprResource): Look | Promise<Look>;
  log: Logger;
  metrics?: QueueMetrics;
  signal: AbortSignal;
  clock?: Clock;
};

export type Look = {
  findings: readonly Finding[];
  /** To look again after so long, once these findings were written. */
  againAfterMs?: number;
};

export type ConditionsController = AsyncDisposable & {
  /** There may be something new to say of an object. */
  again(key: string, afterMs: number): void;
  /** There may be of all objects, of a namespace or of every one. */
  againAll(namespace?: string): void;
};

/** Keeps the conditions of every object of a kind. */
export function startConditions(options: ConditionsOptions): ConditionsController {
  const { client, resource, informer, look, log, metrics, signal, clock = systemClock } = options;
  const queue = startWorkQueue({
    name: resource.plural,
    async reconcile(key) {
      const object = informer.get(key);
      if (!object) return undefined;
      const { findings, againAfterMs } = await look(object);
      await writeStatus(client, resource, object, findings, {}, new Date(clock.now()));
      return againAfterMs !== undefined ? { requeueAfterMs: againAfterMs } : undefined;
    },
    log,
    signal,
    clock,
    ...(metrics && { metrics }),
  });
  const unsubscribe = informer.subscribe((change) => {
    if (change.type === 'added' || (change.type === 'updated' && differs(change.old, change.object)))
      queue.add(change.key);
  });
  const againAll = (namespace?: string): void => {
    for (const object of informer.list(namespace)) queue.add(objectKey(object));
  };
  againAll();
  return {
    again: queue.addAfter,
    againAll,
    async [Symbol.asyncDispose]() {
      unsubscribe();
      await queue[Symbol.asyncDispose]();
    },
  };
}
