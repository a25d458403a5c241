import type { Dashboard } from './dashboard.ts';

/** What sentry, operator and injector do. */
export const controlPlane: Dashboard = {
  uid: 'outrigger-control-plane',
  title: 'Outrigger / control plane',
  panels: [
    {
      title: 'The issuer certificate expires in',
      unit: 'dtdurations',
      kind: 'stat',
      queries: { 'time left': 'min(dapr_sentry_issuercert_expiry_timestamp) - time()' },
    },
    {
      title: 'Certificates',
      unit: 'reqps',
      queries: {
        asked: 'sum(rate(dapr_sentry_cert_sign_request_received_total[5m]))',
        signed: 'sum(rate(dapr_sentry_cert_sign_success_total[5m]))',
      },
    },
    {
      title: 'Certificates refused',
      unit: 'reqps',
      queries: { '{{reason}}': 'sum by (reason) (rate(dapr_sentry_cert_sign_failure_total[5m]))' },
    },
    {
      title: 'Pods admitted',
      unit: 'reqps',
      queries: {
        asked: 'sum(rate(dapr_injector_sidecar_injection_requests_total[5m]))',
        'with a sidecar': 'sum(rate(dapr_injector_sidecar_injection_succeeded_total[5m]))',
      },
    },
    {
      title: 'Pods refused or left without a sidecar',
      unit: 'short',
      queries: {
        '{{app_id}} {{reason}}':
          'sum by (app_id, reason) (increase(dapr_injector_sidecar_injection_failed_total[15m])) > 0',
      },
    },
    {
      title: 'Admission latency',
      unit: 's',
      queries: {
        p50: 'histogram_quantile(0.5, sum by (le) (rate(dapr_injector_admission_duration_seconds_bucket[5m])))',
        p99: 'histogram_quantile(0.99, sum by (le) (rate(dapr_injector_admission_duration_seconds_bucket[5m])))',
      },
    },
    {
      title: 'Objects the operator holds',
      unit: 'short',
      queries: { '{{kind}}': 'max by (kind) (outrigger_kube_informer_objects)' },
    },
    {
      title: 'Reconciliations',
      unit: 'reqps',
      queries: {
        '{{queue}}': 'sum by (queue) (rate(outrigger_kube_queue_reconciles_total[5m]))',
        '{{queue}} tried again': 'sum by (queue) (rate(outrigger_kube_queue_retries_total[5m]))',
      },
    },
    {
      title: 'Watches: restarted, stalled, events missed',
      unit: 'short',
      queries: {
        'restarted {{kind}}': 'sum by (kind) (increase(outrigger_kube_informer_restarts_total[15m]))',
        'stalled {{kind}}': 'sum by (kind) (increase(outrigger_kube_informer_stalls_total[15m]))',
        'missed {{kind}}': 'sum by (kind) (increase(outrigger_kube_informer_missed_events_total[15m]))',
      },
    },
  ],
};
