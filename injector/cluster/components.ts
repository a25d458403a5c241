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
  try {
    return (
      await client.list(daprResources.components, { namespace, resourceVersion: '0' }, AbortSignal.timeout(timeoutMs))
    ).items;
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.key === 'not-found') return [];
    throw fault('unavailable', `cannot list the Components of ${namespace}: ${toFault(thrown).message}`, {
      cause: thrown,
    });
  }
}
