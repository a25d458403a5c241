import { fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { daprResources } from '#kit/kube/resource.ts';
import type { DaprResource } from './resource.ts';

/** What the control plane's Configuration says about identities. */
export type Mesh = {
  /** Whether sidecars speak TLS to each other; the operator itself always does. */
  mtls: boolean;
  trustDomain: string;
  sentryAddress: string;
};

/** Reads it once. Throws when it is missing, `invalid-config` when it lacks what the operator cannot do without. */
export async function readMesh(client: Pick<KubeClient, 'get'>, namespace: string, name: string): Promise<Mesh> {
  const { spec } = await client.get<DaprResource>(daprResources.configurations, { namespace, name });
  const mtls = (spec?.['mtls'] ?? {}) as {
    enabled?: boolean;
    controlPlaneTrustDomain?: string;
    sentryAddress?: string;
  };
  const { enabled, controlPlaneTrustDomain, sentryAddress } = mtls;
  const missing = (field: string) =>
    fault('invalid-config', `Configuration ${namespace}/${name}: spec.mtls.${field} is missing`);
  if (!controlPlaneTrustDomain) throw missing('controlPlaneTrustDomain');
  if (!sentryAddress) throw missing('sentryAddress');
  return { mtls: enabled ?? true, trustDomain: controlPlaneTrustDomain, sentryAddress };
}
