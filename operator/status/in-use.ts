import type { DaprPod } from '../pod.ts';
import type { DaprResource } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';
import type { Reports } from './reports.ts';
import { sidecarsFor } from './sidecars-for.ts';

export type InUse = {
  /** Undefined where no sidecar that should use it tells of its kind: those of Dapr never do. */
  finding: Finding | undefined;
  /** Whether every sidecar that should use it does. */
  allTell: boolean;
};

/** Whether the newest version of a resource is in use: sidecars report it if not, and nothing if so. */
export function inUse(
  kind: string,
  resource: DaprResource,
  { status: readable }: Pick<Finding, 'status'>,
  pods: readonly DaprPod[],
  reports: Pick<Reports, 'tells' | 'problem'>,
): InUse {
  const { name = '', namespace = '' } = resource.metadata;
  const wanted = sidecarsFor(resource, pods);
  const telling = wanted.filter((pod) => reports.tells(`${namespace}/${pod.name}`, kind));
  const failures = telling
    .map((pod) => ({ pod: pod.name, problem: reports.problem(`${namespace}/${pod.name}`, kind, name) }))
    .filter(({ problem }) => problem !== undefined);
  const allTell = telling.length === wanted.length;
  if (telling.length === 0) return { finding: undefined, allTell };
  const [failure] = failures;
  if (failure) {
    const sidecars = failures.length === 1 ? '1 sidecar does' : `${failures.length} sidecars do`;
    const message = `${sidecars} not use its newest version; ${failure.pod}: ${failure.problem!.error}`;
    return { finding: loaded('False', 'Failed', message), allTell };
  }
  if (readable === 'False')
    return { finding: loaded('False', 'NotAccepted', 'no sidecar can read its newest version'), allTell };
  return { finding: loaded('True', 'Loaded', 'no sidecar reports a problem with it'), allTell };
}

const loaded = findingsOf('Loaded');
