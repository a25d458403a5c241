import { connect } from '#kit/grpc/client.ts';
import type { ClientTls } from '#kit/grpc/tls.ts';
import { expectPeer } from './expect.ts';
import { type Security, type SecurityOptions, startSecurity } from './security.ts';
import { sentrySource } from './sentry-source.ts';
import { sentryTokenSource } from './token.ts';
import { openTrustAnchors, type TrustAnchorSource } from './trust-anchors.ts';

export type WorkloadOptions = Omit<SecurityOptions, 'anchors' | 'source'> & {
  /** `host:port`. */
  sentryAddress: string;
  controlPlaneTrustDomain: string;
  controlPlaneNamespace: string;
  namespace: string;
  /** `dapr-operator` and the like for the control plane; SENTRY_LOCAL_IDENTITY goes before a sidecar's app ID. */
  appId: string;
  trustAnchors: TrustAnchorSource;
  /** Value of DAPR_SENTRY_TOKEN_FILE. */
  tokenFile: string | undefined;
  /** In Kubernetes mode the pod's tokens are used. */
  kubernetes: boolean;
};

const controlPlane = new Set(['dapr-operator', 'dapr-placement', 'dapr-injector', 'dapr-sentry', 'dapr-scheduler']);

/** Starts the identity of anything that asks sentry for it: sidecars and the other control-plane services. */
export async function startWorkloadSecurity(options: WorkloadOptions): Promise<Security> {
  const { controlPlaneTrustDomain, controlPlaneNamespace, namespace, appId } = options;
  const anchors = await openTrustAnchors(options.trustAnchors, options);
  const sentry = { trustDomain: controlPlaneTrustDomain, namespace: controlPlaneNamespace, appId: 'dapr-sentry' };
  const tls: ClientTls = { material: sameWhileUnchanged(anchors.pem), verify: expectPeer(sentry) };
  const isControlPlane = controlPlane.has(appId) && namespace === controlPlaneNamespace;
  const source = sentrySource({
    connect: () => connect({ target: options.sentryAddress, tls }),
    token: sentryTokenSource(options),
    identity: { namespace, appId, trustDomain: isControlPlane ? controlPlaneTrustDomain : undefined },
  });
  return startSecurity({ ...options, anchors, source });
}

/** TLS contexts are kept for as long as the material is the same object. */
function sameWhileUnchanged(pem: () => string): () => { ca: string } {
  let material = { ca: pem() };
  return () => {
    if (material.ca !== pem()) material = { ca: pem() };
    return material;
  };
}
