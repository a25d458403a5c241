import type { ReportComponentsRequest } from '#proto/outrigger/operator/v1/status_pb.js';

/** Sidecars have so long to report again to a new leader before what the last one wrote gives way, in milliseconds. */
export const graceMs = 360_000;

/** What one sidecar said of one component, last. */
export type Report = { generation: number; loaded: boolean; error: string; at: number };

/** What one sidecar said of a resource of another kind that it does not use in its newest version. */
export type Problem = { generation: number; error: string };

/** Of what a sidecar says something new. */
export type News = {
  /** Whether it had not told of some kind before. */
  moreKinds: boolean;
  /** Names of components. */
  components: string[];
  /** Resources of other kinds. */
  resources: { kind: string; name: string }[];
};

/** What sidecars reported, by pod. Kept in memory: they report again when they reconnect. */
export type Reports = {
  /** Takes a sidecar's whole picture; answers of what it says something new. */
  take(
    request: Pick<ReportComponentsRequest, 'namespace' | 'podName' | 'components' | 'problems' | 'kinds'>,
    now: number,
  ): News;
  of(podKey: string, component: string): Report | undefined;
  /** Undefined where the pod's sidecar has nothing against the resource, or does not tell. */
  problem(podKey: string, kind: string, name: string): Problem | undefined;
  /** Whether the pod's sidecar tells of a kind other than Component: Dapr's never do. */
  tells(podKey: string, kind: string): boolean;
  forget(podKey: string): void;
};

type Picture = {
  components: Map<string, Report>;
  problems: Map<string, Problem & { kind: string; name: string }>;
  kinds: readonly string[];
};

const longestError = 2_000;

/** What sidecars have said of late, in memory: a new leader hears it again from them. */
export function openReports(): Reports {
  const pods = new Map<string, Picture>();
  return {
    take({ namespace, podName, ...said }, now) {
      const key = `${namespace}/${podName}`;
      const known = pods.get(key);
      const [components, changed] = componentsOf(said.components, known?.components ?? new Map(), now);
      const [problems, resources] = problemsOf(said.problems, known?.problems ?? new Map());
      pods.set(key, { components, problems, kinds: said.kinds });
      const moreKinds = said.kinds.some((kind) => !known?.kinds.includes(kind));
      return { moreKinds, components: changed, resources };
    },
    of: (podKey, component) => pods.get(podKey)?.components.get(component),
    problem: (podKey, kind, name) => pods.get(podKey)?.problems.get(`${kind}/${name}`),
    tells: (podKey, kind) => pods.get(podKey)?.kinds.includes(kind) ?? false,
    forget: (podKey) => void pods.delete(podKey),
  };
}

/** Components as they are now, and the names of those that are other than before. */
function componentsOf(
  said: ReportComponentsRequest['components'],
  before: Picture['components'],
  now: number,
): [Picture['components'], string[]] {
  const after: Picture['components'] = new Map();
  const changed = new Set([...before.keys()].filter((name) => !said.some((entry) => entry.name === name)));
  for (const { name, observedGeneration, loaded, error } of said) {
    const known = before.get(name);
    const generation = Number(observedGeneration);
    const same = known?.generation === generation && known.loaded === loaded && known.error === error;
    if (!same) changed.add(name);
    after.set(name, same ? known : { generation, loaded, error: error.slice(0, longestError), at: now });
  }
  return [after, [...changed]];
}

/** Problems as they are now, and the resources whose problem came, went or is another. */
function problemsOf(
  said: ReportComponentsRequest['problems'],
  before: Picture['problems'],
): [Picture['problems'], News['resources']] {
  const after: Picture['problems'] = new Map(
    said.map(({ kind, name, observedGeneration, error }) => [
      `${kind}/${name}`,
      { kind, name, generation: Number(observedGeneration), error: error.slice(0, longestError) },
    ]),
  );
  const changed = [...new Map([...before, ...after])].filter(([key]) => {
    const [a, b] = [before.get(key), after.get(key)];
    return a?.generation !== b?.generation || a?.error !== b?.error;
  });
  return [after, changed.map(([, { kind, name }]) => ({ kind, name }))];
}
