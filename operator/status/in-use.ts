import type { DaprPod } from '../pod.ts';
import type { DaprResource } from '../resource.ts';
import type { Finding } from './condition.ts';
import type { Reports } from './reports.ts';
import { sidecarsFor } from './sidecars-for.ts';

export type InUse = {
  /** Undefined where no sidecar that should use it was heard: those of Dapr never are. */
  finding: Finding | undefined;
  /** Whether every sidecar that should use it was heard. */
  allHeard: boolean;
};

/** Whether the newest version of a resource is in use: sidecars report it if not, and nothing if so. */
export function inUse(
  kind: string,
  resource: DaprResource,
  { status: readable }: Pick<Finding, 'status'>,
  pods: readonly DaprPod[],
  reports: Pick<Reports, 'heard' | 'problem'>,
): InUse {
  const { name = '', namespace = '' } = resource.metadata;
  const wanted = sidecarsFor(resource, pods);
  const heard = wanted.filter((pod) => reports.heard(`${namespace}/${pod.name}`));
  const failures = heard
    .map((pod) => ({ pod: pod.name, problem: reports.problem(`${namespace}/${pod.name}`, kind, name) }))
    .filter(({ problem }) => problem !== undefined);
  const allHeard = heard.length === wanted.length;
  if (heard.length === 0) return { finding: undefined, allHeard };
  const [failure] = failures;
  if (failure) {
    const sidecars = failures.length === 1 ? '1 sidecar does' : `${failures.length} sidecars do`;
    const message = `${sidecars} not use its newest version; ${failure.pod}: ${failure.problem!.error}`;
    return { finding: loaded('False', 'Failed', message), allHeard };
  }
  if (readable === 'False')
    return { finding: loaded('False', 'NotAccepted', 'no sidecar can read its newest version'), allHeard };
  return { finding: loaded('True', 'Loaded', 'no sidecar reports a problem with it'), allHeard };
}

const loaded = (status: Finding['status'], reason: string, message: string): Finding => ({
  type: 'Loaded',
  status,
  reason,
  message,
});
