import { type Resiliency, resiliency } from '#crds/resiliency.ts';
import { toFault } from '#kit/errors/fault.ts';
import type { DaprResource } from '../resource.ts';
import { type Finding, findingsOf } from './condition.ts';
import { durationProblems } from './duration-problems.ts';

/**
 * Whether a Resiliency's policies make sense: its schema, and what a schema cannot say. Whether a policy that a target
 * names is there only sidecars know, as they put several of these resources together.
 */
export function acceptResiliency(resource: DaprResource): Finding {
  try {
    const { policies, targets } = resiliency.parse(resource).spec;
    const problems = [...policyProblems(policies), ...actorProblems(targets)];
    if (problems.length > 0) return accepted('False', 'InvalidPolicies', problems.join('; '));
    return accepted('True', 'Valid', 'sidecars can read it');
  } catch (thrown) {
    return accepted('False', 'Invalid', toFault(thrown).message);
  }
}

const accepted = findingsOf('Accepted');

type Spec = Resiliency['spec'];

const backOffs = ['constant', 'exponential'];

/** A bare number is milliseconds here, as in Dapr. */
const timeProblems = (field: string, text: string | undefined): string[] =>
  /^-?\d+$/.test(text ?? '') ? [] : durationProblems(field, text);

function policyProblems({ timeouts = {}, retries = {}, circuitBreakers = {} }: Spec['policies']): string[] {
  return [
    ...Object.entries(timeouts).flatMap(([name, text]) => timeProblems(`spec.policies.timeouts.${name}`, text)),
    ...Object.entries(retries).flatMap(([name, { policy, duration, maxInterval }]) => {
      const at = `spec.policies.retries.${name}`;
      const unknown = policy !== undefined && !backOffs.includes(policy.toLowerCase());
      return [
        ...(unknown ? [`${at}.policy: "${policy}" is none of ${backOffs.join(', ')}`] : []),
        ...timeProblems(`${at}.duration`, duration),
        ...timeProblems(`${at}.maxInterval`, maxInterval),
      ];
    }),
    ...Object.entries(circuitBreakers).flatMap(([name, { interval, timeout }]) => [
      ...timeProblems(`spec.policies.circuitBreakers.${name}.interval`, interval),
      ...timeProblems(`spec.policies.circuitBreakers.${name}.timeout`, timeout),
    ]),
  ];
}

function actorProblems({ actors = {} }: Spec['targets']): string[] {
  return Object.entries(actors).flatMap(([name, { circuitBreaker, circuitBreakerScope }]) =>
    circuitBreaker && !['type', 'id', 'both'].includes(circuitBreakerScope ?? '')
      ? [
          `spec.targets.actors.${name}.circuitBreakerScope: must be one of type, id, both where there is a circuitBreaker`,
        ]
      : [],
  );
}
