import type { HealthTargets } from '#kit/health/targets.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Security } from '#kit/security/security.ts';
import type { RuntimeConfig } from '../config.ts';

/** The sidecar's identity: asked of sentry with mTLS on, and always in Kubernetes; undefined without. */
export async function startSecurity(
  config: RuntimeConfig,
  start: { targets: HealthTargets; log: Logger; signal: AbortSignal },
): Promise<Security | undefined> {
  const { controlPlane, mode, appId, namespace } = config;
  if (!controlPlane.mtls && mode !== 'kubernetes') return undefined;
  const { startWorkloadSecurity } = await import('#kit/security/workload.ts');
  return startWorkloadSecurity({
    ...start,
    sentryAddress: controlPlane.sentryAddress,
    controlPlaneTrustDomain: controlPlane.trustDomain,
    controlPlaneNamespace: controlPlane.namespace,
    namespace,
    appId: controlPlane.localIdentity ?? appId,
    trustAnchors: { pem: controlPlane.trustAnchors },
    tokenFile: controlPlane.tokenFile,
    kubernetes: mode === 'kubernetes',
    jwtAudiences: controlPlane.jwtAudiences,
  });
}
