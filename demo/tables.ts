import type { Kubectl } from '#e2e/kubectl.ts';

interface PodList {
  items: {
    metadata: { namespace: string; name: string };
    spec: { containers: { name: string }[]; initContainers?: { name: string; restartPolicy?: string }[] };
    status: { phase: string; containerStatuses?: { ready: boolean }[]; initContainerStatuses?: { ready: boolean }[] };
  }[];
}

/** NAMESPACE, POD, READY, STATUS and CONTAINERS of every pod; a native sidecar counts as the container it is. */
export async function podRows(kubectl: Kubectl, namespace: string): Promise<string[][]> {
  const { items } = await kubectl.json<PodList>('get', 'pods', '-n', namespace);
  return items.map(({ metadata, spec, status }) => {
    const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
    const all = [...sidecars, ...spec.containers].map(({ name }) => name);
    const states = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    const ready = states.filter((state) => state.ready).length;
    return [metadata.namespace, metadata.name, `${ready}/${all.length}`, status.phase, all.join(', ')];
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
