import { hostAnnotation } from '#kit/kube/annotations.ts';
import type { DaprPod } from '../pod.ts';
import type { DaprResource } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';
import type { Reports } from './reports.ts';
import { sidecarsFor } from './sidecars-for.ts';

export type Failure = { pod: string; message: string; time: string };

export type Loaded = { finding: Finding; loaded: string; failures: Failure[]; any: boolean };

const mostFailures = 20;
/** Pods that a message names. */
const mostNamed = 5;

/** How many of the sidecars that should have loaded a Component did, and the last error of each that could not. */
export function loadedBy(resource: DaprResource, pods: readonly DaprPod[], reports: Reports): Loaded {
  const { name = '' } = resource.metadata;
  const wanted = sidecarsFor(resource, pods);
  const asksForContainer = resource.metadata.annotations?.[hostAnnotation] === 'container';
  const lacking = asksForContainer ? wanted.filter((pod) => !pod.hosted.includes(name)) : [];
  const said = wanted.map((pod) => ({ pod, report: reports.of(`${pod.namespace}/${pod.name}`, name) }));
  const count = said.filter(({ report }) => report?.loaded).length;
  const failures = said
    .filter(({ report }) => report && !report.loaded && report.error !== '')
    .map(({ pod, report }) => ({ pod: pod.name, message: report!.error, time: secondsOf(report!.at) }))
    .slice(0, mostFailures);
  return {
    finding: findingOf(count, wanted.length, failures, lacking),
    loaded: `${count}/${wanted.length}`,
    failures,
    any: count > 0,
  };
}

const secondsOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

const found = findingsOf('Loaded');

function findingOf(count: number, wanted: number, failures: readonly Failure[], lacking: readonly DaprPod[]): Finding {
  if (wanted === 0) return found('Unknown', 'NoSidecars', 'no sidecar is meant to load it');
  if (lacking.length > 0) {
    const names = lacking.slice(0, mostNamed).map((pod) => pod.name);
    const more = lacking.length > mostNamed ? ` and ${lacking.length - mostNamed} more` : '';
    return found(
      'False',
      'ContainerMissing',
      `${count} of ${wanted} sidecars loaded it; pods made before it asked for a container have none and must be made anew: ${names.join(', ')}${more}`,
    );
  }
  if (failures.length > 0) {
    const { pod, message } = failures[0]!;
    return found('False', 'Failed', `${count} of ${wanted} sidecars loaded it; ${pod}: ${message}`);
  }
  if (count < wanted)
    return found('Unknown', 'Waiting', `${count} of ${wanted} sidecars have said that they loaded it`);
  return found('True', 'Loaded', wanted === 1 ? 'its one sidecar loaded it' : `all ${wanted} sidecars loaded it`);
}
