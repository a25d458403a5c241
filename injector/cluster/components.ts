import { type Component, component } from '#crds/component.ts';
import { Fault, fault, toFault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources } from '#kit/kube/resource.ts';
import { asksForContainer } from '../patch/component-containers.ts';

const timeoutMs = 5_000;

/**
 * The Components of a namespace that ask for a container in their pods, as the API server's own cache has them: that is
 * milliseconds behind at most, while a list that waits for the newest takes some 40 ms whenever anything else in the
 * cluster was just written. None where the cluster has no such kind.
 * Throws `unavailable` when they cannot be listed.
 */
export async function componentsWithContainers(client: KubeClient, namespace: string): Promise<Component[]> {
  const items = await list(client, namespace);
  return items
    .filter(({ metadata }) => asksForContainer(metadata.annotations ?? {}))
    .map((item) => component.parse(item));
}

async function list(client: KubeClient, namespace: string): Promise<KubeObject[]> {
  const ask = (resourceVersion?: string) => {
    const options = { namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    return client.list(daprResources.components, options, AbortSignal.timeout(timeoutMs));
  };
  try {
    // The cache of a server that just started, or whose kind is new, answers an error for a while.
    const found = await ask('0').catch((thrown) => (isMissing(thrown) ? Promise.reject(thrown) : ask()));
    return found.items;
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw fault('unavailable', `cannot list the Components of ${namespace}: ${toFault(thrown).message}`, {
      cause: thrown,
    });
  }
}

const isMissing = (thrown: unknown): boolean => thrown instanceof Fault && thrown.key === 'not-found';
