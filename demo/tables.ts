import type { Kubectl } from '#e2e/kubectl.ts';
import { containerNames, containerStatuses, type PodList } from '#e2e/pod.ts';

/** NAMESPACE, POD, READY, STATUS and CONTAINERS of every pod; a native sidecar counts as the container it is. */
export async function podRows(kubectl: Kubectl, namespace: string): Promise<string[][]> {
  const { items } = await kubectl.json<PodList>('get', 'pods', '-n', namespace);
  return items.map((pod) => {
    const names = containerNames(pod);
    const ready = containerStatuses(pod).filter((status) => status.ready && names.includes(status.name)).length;
    const { namespace: where, name } = pod.metadata;
    return [where, name, `${ready}/${names.length}`, pod.status.phase, names.join(', ')];
  });
}

interface ComponentList {
  items: {
    metadata: { name: string };
    spec: { type: string };
    status?: { conditions?: { type: string; status: string; message?: string }[] };
  }[];
}

/** COMPONENT, TYPE, CONDITION, STATUS and MESSAGE, a row for every condition. */
export async function componentRows(kubectl: Kubectl, namespace: string): Promise<string[][]> {
  const { items } = await kubectl.json<ComponentList>('get', 'components.dapr.io', '-n', namespace);
  return items.flatMap(({ metadata, spec, status }) =>
    (status?.conditions ?? [{ type: '', status: '', message: 'no status yet' }]).map((condition) => [
      metadata.name,
      spec.type,
      condition.type,
      condition.status,
      condition.message ?? '',
    ]),
  );
}
