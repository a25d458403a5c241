import type { Registry } from 'prom-client';
import type { Security } from '#kit/security/security.ts';
import { boundCounter } from '#kit/telemetry/bound-series.ts';

/** Counts the certificates of an identity: `dapr_runtime_mtls_{init_total,workload_cert_rotated_total,workload_cert_rotated_fail_total}`. */
export function identityMetrics(registry: Registry, appId: string, security: Security): void {
  const counter = (rest: string, help: string) => boundCounter(registry, { name: `dapr_runtime_mtls_${rest}`, help });
  counter('init_total', 'Identities obtained at the start.')({ app_id: appId }).inc();
  const rotated = counter('workload_cert_rotated_total', 'Certificates renewed.')({ app_id: appId });
  const failed = counter('workload_cert_rotated_fail_total', 'Renewals that failed.');
  const failure = failed({ app_id: appId, reason: 'sign' });
  let last = security.current();
  security.onRotate(() => {
    if (security.current() !== last) rotated.inc();
    last = security.current();
  });
  security.onRenewalFailure(() => failure.inc());
}
