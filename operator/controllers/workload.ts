import type { KubeObject } from '#kit/kube/object.ts';
import { apiVersion, type Resource } from '#kit/kube/resource.ts';
import { isTruthy } from '#kit/values/truthy.ts';

/** What is kept of a Deployment, StatefulSet or Rollout. */
export type Workload = {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  /** Of the pod template. */
  annotations: Readonly<Record<string, string>>;
  matchLabels: Readonly<Record<string, string>>;
  deleting: boolean;
  /** Whether it is the injector itself, and how many of its pods are ready. */
  injector: boolean;
  readyReplicas: number;
};

type Raw = KubeObject & {
  spec?: {
    selector?: { matchLabels?: Record<string, string> };
    template?: { metadata?: { annotations?: Record<string, string> } };
  };
  status?: { readyReplicas?: number };
};

/** The label `app` of the injector's Deployment. */
const injectorApp = 'dapr-sidecar-injector';

/** Reduces a workload of a kind; nothing of one that is neither Dapr's nor the injector. */
export const workloadOf =
  (resource: Resource) =>
  (object: KubeObject): Workload | undefined => {
    const { metadata, spec, status } = object as Raw;
    const annotations = spec?.template?.metadata?.annotations ?? {};
    const injector = metadata.labels?.['app'] === injectorApp;
    if (!injector && !isTruthy(annotations['dapr.io/enabled'])) return undefined;
    return {
      apiVersion: apiVersion(resource),
      kind: resource.kind,
      namespace: metadata.namespace ?? '',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      annotations,
      matchLabels: spec?.selector?.matchLabels ?? {},
      deleting: metadata.deletionTimestamp !== undefined,
      injector,
      readyReplicas: status?.readyReplicas ?? 0,
    };
  };
