import { Fault, toFault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { Informer } from '#kit/kube/informer.ts';
import { resources } from '#kit/kube/resource.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { WatchdogConfig } from '../config.ts';
import type { DaprPod } from '../pod.ts';
import { restartBudget } from './restart-budget.ts';
import type { Workload } from './workload.ts';

export type WatchdogOptions = {
  client: Pick<KubeClient, 'get' | 'delete' | 'patch'>;
  config: WatchdogConfig;
  pods: Pick<Informer<DaprPod>, 'list'>;
  deployments: Pick<Informer<Workload>, 'list'>;
  log: Logger;
  clock?: Clock;
};

type Pod = { spec?: { containers?: { name: string }[]; initContainers?: { name: string }[] } };

const injectorWaitMs = 5_000;

/** Restarts pods that ask for a sidecar and lack it, now and then, until the signal fires. */
export async function runWatchdog(options: WatchdogOptions, signal: AbortSignal): Promise<void> {
  const { config, clock = systemClock, log } = options;
  const budget = restartBudget(config.restartsPerMinute, clock);
  while (!signal.aborted) {
    if (await injectorReady(options, signal)) await searchOnce(options, budget, signal);
    if (config.everyMs === undefined) return;
    await clock.pause(config.everyMs, signal);
  }
  log.debug('Watchdog stopped');
}

/** Without an injector a restarted pod would come back without its sidecar again. */
async function injectorReady(
  { deployments, log, clock = systemClock }: WatchdogOptions,
  signal: AbortSignal,
): Promise<boolean> {
  for (let told = false; !signal.aborted; told = true) {
    if (deployments.list().some((workload) => workload.injector && workload.readyReplicas > 0)) return true;
    if (!told) log.warn('Could not find a running dapr-sidecar-injector; waiting for it before any pod is restarted');
    await clock.pause(injectorWaitMs, signal);
  }
  return false;
}

async function searchOnce(
  options: WatchdogOptions,
  budget: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
) {
  const { pods, log } = options;
  for (const pod of pods.list().filter((candidate) => !candidate.labelled && !candidate.deleting)) {
    if (signal.aborted) return;
    try {
      if (await mend(options, pod)) await budget(signal);
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.key === 'not-found') continue;
      log.error(`Could not see to pod ${pod.namespace}/${pod.name}: ${toFault(thrown).message}`);
    }
  }
}

/** True when the pod was deleted. Its containers are asked for now, as only its metadata is kept. */
async function mend({ client, config, log }: WatchdogOptions, { namespace, name, uid }: DaprPod): Promise<boolean> {
  const { spec } = await client.get<Pod>(resources.pods, { namespace, name });
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  if (containers.some((container) => container.name === 'daprd')) {
    const body = { metadata: { labels: { 'dapr.io/watchdog-patched': 'true' } } };
    if (config.mayLabel) await client.patch(resources.pods, { namespace, name }, { type: 'merge', body });
    return false;
  }
  log.warn(`Pod ${namespace}/${name} does not have the Dapr sidecar and will be deleted`);
  await client.delete(resources.pods, { namespace, name }, uid ? { preconditions: { uid } } : undefined);
  return true;
}
