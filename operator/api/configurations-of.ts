import type { Informer } from '#kit/kube/informer.ts';
import type { DaprPod } from '../pod.ts';
import type { DaprResource } from '../resource.ts';

/**
 * Which Configurations concern an app: the one its pods are annotated with. An app none of whose pods is known is told
 * of all, as up to Dapr 1.18.1: the cache may lag behind the pod that calls.
 */
export function configurationsOf(
  pods: Pick<Informer<DaprPod>, 'list'>,
  namespace: string,
  appId: string,
): (configuration: DaprResource) => boolean {
  return ({ metadata }) => {
    const own = pods.list(namespace).filter((pod) => pod.appId === appId && !pod.deleting);
    return own.length === 0 || own.some((pod) => pod.configuration === metadata.name);
  };
}
