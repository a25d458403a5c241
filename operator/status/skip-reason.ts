import type { DaprPod } from '../pod.ts';

export type Surroundings = {
  /** The control plane's own namespace. */
  namespace: string;
  /** Whether a pod of the injector is ready now. */
  injectorReady: boolean;
};

/** Kinds whose controllers the injector knows: pods they make are injected whoever asked for the owner. */
const knownOwners = ['ReplicaSet', 'ReplicationController', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];

/** Why a pod that asks for a sidecar has none, and what to do: the likeliest reason, as the injector leaves no trace. */
export function skipReason(pod: DaprPod, { namespace, injectorReady }: Surroundings): string {
  if (pod.enabled.trim().toLowerCase() !== 'true')
    return `dapr.io/enabled is "${pod.enabled}": the injector takes "true" only`;
  if (pod.namespace === namespace || pod.namespace === 'kube-system')
    return `pods of namespace ${pod.namespace} are never injected: run the app in another one`;
  if (!injectorReady)
    return 'no pod of the injector is ready (Deployment labelled app=dapr-sidecar-injector): mend it, then delete this pod so that it is made again';
  if (!knownOwners.includes(pod.owner.split(' ')[0]!))
    return `the injector may not know who made it (${pod.owner || 'no owner'}): let a Deployment, StatefulSet, DaemonSet or Job make the pod, or allow the maker's service account in the chart's value dapr_sidecar_injector.allowedServiceAccounts`;
  return 'the injector was not asked: it was down when the pod was made, or a selector of MutatingWebhookConfiguration dapr-sidecar-injector leaves the pod out; delete the pod so that it is made again';
}
