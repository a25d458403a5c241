import type { DaprPod } from '../pod.ts';
import { admits, type DaprResource } from '../resource.ts';

/** The pods whose sidecars should use a resource. */
export function sidecarsFor(resource: DaprResource, pods: readonly DaprPod[]): DaprPod[] {
  const { namespace } = resource.metadata;
  return pods.filter(
    (pod) => pod.namespace === namespace && pod.labelled && !pod.deleting && admits(resource, pod.appId),
  );
}
