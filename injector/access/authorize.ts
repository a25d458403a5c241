import { fault } from '#kit/errors/fault.ts';
import { glob } from './glob.ts';

/** Who asked the API server for the pod. */
export type User = { username?: string | undefined; groups?: readonly string[] | undefined };

/** Controllers that make pods of what users apply. Source: Dapr 1.18 `pkg/injector/service`. */
const builtIn = [
  'kube-system:replicaset-controller',
  'kube-system:replication-controller',
  'kube-system:deployment-controller',
  'kube-system:cronjob-controller',
  'kube-system:job-controller',
  'kube-system:statefulset-controller',
  'kube-system:daemon-set-controller',
  'openshift-operator-lifecycle-manager:olm-operator-serviceaccount',
  'tekton-pipelines:tekton-pipelines-controller',
  'mirrord:mirrord-operator',
];

const administrators = 'system:masters';

/**
 * Whether a user's pods get sidecars: administrators, the controllers of Kubernetes, and service accounts that match
 * one of the `namespace:name` patterns. Throws `invalid-config` naming a pattern that is none.
 */
export function authorizer(patterns: readonly string[]): (user: User) => boolean {
  const matchers = [...builtIn, ...patterns].map(matcher);
  return ({ username = '', groups = [] }) => {
    if (groups.includes(administrators)) return true;
    const [system, serviceAccount, namespace, name, more] = username.split(':');
    if (system !== 'system' || serviceAccount !== 'serviceaccount' || more !== undefined) return false;
    return name !== undefined && matchers.some((matches) => matches(namespace!, name));
  };
}

function matcher(pattern: string): (namespace: string, name: string) => boolean {
  const [namespace = '', name, more] = pattern.split(':').map((part) => part.trim());
  if (name === undefined || more !== undefined || namespace + name === '') {
    throw fault('invalid-config', `ALLOWED_SERVICE_ACCOUNTS: "${pattern}" must be <namespace>:<name>`);
  }
  const [inNamespace, hasName] = [glob(namespace), glob(name)];
  return (ofNamespace, ofName) => inNamespace(ofNamespace) && hasName(ofName);
}
