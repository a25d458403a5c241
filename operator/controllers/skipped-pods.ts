import { Fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { EventRecorder } from '#kit/kube/event-recorder.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { QueueMetrics } from '#kit/kube/metrics.ts';
import { resources } from '#kit/kube/resource.ts';
import { startWorkQueue } from '#kit/kube/work-queue.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { DaprPod } from '../pod.ts';
import { skipReason } from '../status/skip-reason.ts';
import type { Workload } from './workload.ts';

export type SkippedPodsOptions = {
  client: Pick<KubeClient, 'get'>;
  pods: Pick<Informer<DaprPod>, 'get' | 'list' | 'subscribe'>;
  deployments: Pick<Informer<Workload>, 'list'>;
  /** The control plane's own. */
  namespace: string;
  events: EventRecorder;
  log: Logger;
  metrics?: QueueMetrics;
  signal: AbortSignal;
  clock?: Clock;
};

type Pod = { spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] } };

/** Puts an Event beside each pod that asks for a sidecar and got none, saying why. */
export function startSkippedPods(options: SkippedPodsOptions): AsyncDisposable {
  const { pods, log, metrics, signal, clock = systemClock } = options;
  const told = new Set<string>();
  const queue = startWorkQueue({
    name: 'skipped-pods',
    async reconcile(key) {
      const pod = pods.get(key);
      if (!pod || pod.labelled || pod.deleting || told.has(pod.uid)) return undefined;
      if (await hasSidecar(options.client, pod)) return undefined;
      told.add(pod.uid);
      await tell(options, pod);
      return undefined;
    },
    log,
    signal,
    clock,
    ...(metrics && { metrics }),
  });
  const look = (key: string, pod: DaprPod): void => {
    if (!pod.labelled && !pod.deleting && !told.has(pod.uid)) queue.add(key);
  };
  const unsubscribe = pods.subscribe(({ type, key, object }) => {
    if (type === 'deleted') told.delete(object.uid);
    else look(key, object);
  });
  for (const pod of pods.list()) look(`${pod.namespace}/${pod.name}`, pod);
  return {
    async [Symbol.asyncDispose]() {
      unsubscribe();
      await queue[Symbol.asyncDispose]();
    },
  };
}

/** Labels may be missing where somebody put the sidecar in by hand; a pod that is gone needs no Event. */
async function hasSidecar(client: Pick<KubeClient, 'get'>, { namespace, name }: DaprPod): Promise<boolean> {
  try {
    const { spec } = await client.get<Pod>(resources.pods, { namespace, name });
    return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(
      (container) => container.name === 'daprd',
    );
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.key === 'not-found') return true;
    throw thrown;
  }
}

async function tell({ deployments, namespace, events, log }: SkippedPodsOptions, pod: DaprPod): Promise<void> {
  const injectorReady = deployments.list().some((workload) => workload.injector && workload.readyReplicas > 0);
  const reason = skipReason(pod, { namespace, injectorReady });
  log.warn(`Pod ${pod.namespace}/${pod.name} asks for a sidecar and has none: ${reason}`);
  const about = { apiVersion: 'v1', kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: pod.uid };
  await events.record(about, 'Warning', 'SidecarNotInjected', `No sidecar: ${reason}`);
}
