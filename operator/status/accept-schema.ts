import type { Kind } from '#crds/kind.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { DaprResource } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';

const accepted = findingsOf('Accepted');

/** Whether a sidecar can read a resource: what the kind's schema says, and nothing beyond. */
export function acceptSchema(kind: Pick<Kind<unknown>, 'kind' | 'parse'>, resource: DaprResource): Finding {
  try {
    kind.parse(resource);
    return accepted('True', 'Valid', 'sidecars can read it');
  } catch (thrown) {
    return accepted('False', 'Invalid', toFault(thrown).message);
  }
}
