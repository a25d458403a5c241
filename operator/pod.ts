import { hostedComponents, injectionWarnings } from '#kit/kube/annotations.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { isTruthy } from '#kit/values/truthy.ts';

/** What is kept of a pod that asks for a sidecar. */
export type DaprPod = {
  namespace: string;
  name: string;
  uid: string;
  createdAt: number;
  appId: string;
  /** Text of `dapr.io/enabled`. */
  enabled: string;
  /** Name of its Configuration; empty for none. */
  configuration: string;
  /** Whether the injector or the watchdog has labelled it as having its sidecar. */
  labelled: boolean;
  /** `ReplicaSet shop-5d4` and the like; empty for a pod made by hand. */
  owner: string;
  /** Names of the Components for which the injector has put a container of ours into it. */
  hosted: readonly string[];
  /** What the injector could not make sense of, a line each; empty where all is well. */
  warnings: string;
  deleting: boolean;
};

const none: readonly string[] = [];

/** Reduces a pod, or its metadata alone, to what the operator needs; nothing of one that asks for no sidecar. */
export function daprPod({ metadata }: KubeObject): DaprPod | undefined {
  const annotations = metadata.annotations ?? {};
  const enabled = annotations['dapr.io/enabled'] ?? '';
  if (!isTruthy(enabled)) return undefined;
  const labels = metadata.labels ?? {};
  const owner = metadata.ownerReferences?.[0];
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    appId: annotations['dapr.io/app-id'] || (metadata.name ?? ''),
    enabled,
    configuration: annotations['dapr.io/config'] ?? '',
    labelled: 'dapr.io/sidecar-injected' in labels || 'dapr.io/watchdog-patched' in labels,
    owner: owner ? `${owner.kind} ${owner.name}` : '',
    hosted: annotations[hostedComponents]?.split(',') ?? none,
    warnings: annotations[injectionWarnings] ?? '',
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
