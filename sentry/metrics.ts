import { Counter, Gauge, type Registry } from 'prom-client';

/** Counts under Dapr's names. */
export type SentryMetrics = {
  received(): void;
  signed(): void;
  failed(reason: string): void;
  serverCertificateFailed(reason: string): void;
  issuerChanged(): void;
  issuerExpiry(at: Date): void;
};

/** Dapr's `dapr_sentry_*`. */
export function sentryMetrics(registry: Registry): SentryMetrics {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name: `dapr_sentry_${name}`, help, registers });
  const byReason = (name: string, help: string) =>
    new Counter({ name: `dapr_sentry_${name}`, help, labelNames: ['reason'], registers });
  const received = counter('cert_sign_request_received_total', 'Certificate signing requests received.');
  const success = counter('cert_sign_success_total', 'Certificates issued.');
  const failure = byReason('cert_sign_failure_total', 'Certificate signing requests refused or failed.');
  const server = byReason('servercert_issue_failed_total', "Failures to issue sentry's own certificate.");
  const changed = counter('issuercert_changed_total', 'Changes of the issuer credentials.');
  const expiry = new Gauge({
    name: 'dapr_sentry_issuercert_expiry_timestamp',
    help: 'When the issuer certificate expires, in seconds since the epoch.',
    registers,
  });
  return {
    received: () => received.inc(),
    signed: () => success.inc(),
    failed: (reason) => failure.inc({ reason }),
    serverCertificateFailed: (reason) => server.inc({ reason }),
    issuerChanged: () => changed.inc(),
    issuerExpiry: (at) => expiry.set(Math.floor(at.getTime() / 1000)),
  };
}
