import type { ReportComponentsRequest } from '#proto/outrigger/operator/v1/status_pb.js';

/** What one sidecar said of one component, last. */
export type Report = { generation: number; loaded: boolean; error: string; at: number };

/** What sidecars reported, by pod. Kept in memory: they report again when they reconnect. */
export type Reports = {
  /** Takes a sidecar's whole picture; answers the names of the components of which it says something new. */
  take(request: Pick<ReportComponentsRequest, 'namespace' | 'podName' | 'components'>, now: number): string[];
  of(podKey: string, component: string): Report | undefined;
  forget(podKey: string): void;
};

export function openReports(): Reports {
  const pods = new Map<string, Map<string, Report>>();
  return {
    take({ namespace, podName, components }, now) {
      const key = `${namespace}/${podName}`;
      const before = pods.get(key) ?? new Map<string, Report>();
      const after = new Map<string, Report>();
      const changed = new Set([...before.keys()].filter((name) => !components.some((entry) => entry.name === name)));
      for (const { name, observedGeneration, loaded, error } of components) {
        const known = before.get(name);
        const generation = Number(observedGeneration);
        const same = known?.generation === generation && known.loaded === loaded && known.error === error;
        if (!same) changed.add(name);
        after.set(name, same ? known : { generation, loaded, error: error.slice(0, 2_000), at: now });
      }
      pods.set(key, after);
      return [...changed];
    },
    of: (podKey, component) => pods.get(podKey)?.get(component),
    forget: (podKey) => void pods.delete(podKey),
  };
}
