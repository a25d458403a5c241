import type { Dashboard } from './dashboard.ts';

const app = 'app_id=~"$app_id"';
const rate = (metric: string, by: string, more = '') => `sum by (${by}) (rate(${metric}{${app}${more}}[5m]))`;
const quantile = (share: number, metric: string, by: string) =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(${metric}_bucket{${app}}[5m])))`;
const share = (part: string, whole: string) => `${part} / ${whole}`;

/** What the sidecars of apps do. */
export const sidecars: Dashboard = {
  uid: 'outrigger-sidecars',
  title: 'Outrigger / sidecars',
  variable: { name: 'app_id', metric: 'dapr_http_server_request_count' },
  panels: [
    {
      title: 'HTTP requests',
      unit: 'reqps',
      queries: { '{{app_id}} {{status}}': rate('dapr_http_server_request_count', 'app_id, status') },
    },
    {
      title: 'HTTP failures (5xx)',
      unit: 'percentunit',
      queries: {
        '{{app_id}}': share(
          rate('dapr_http_server_response_count', 'app_id', ', status=~"5.."'),
          rate('dapr_http_server_response_count', 'app_id'),
        ),
      },
    },
    {
      title: 'HTTP latency',
      unit: 'ms',
      queries: {
        'p50 {{app_id}}': quantile(0.5, 'dapr_http_server_latency', 'app_id'),
        'p99 {{app_id}}': quantile(0.99, 'dapr_http_server_latency', 'app_id'),
      },
    },
    {
      title: 'gRPC calls',
      unit: 'reqps',
      queries: {
        '{{app_id}} {{grpc_server_status}}': rate('dapr_grpc_io_server_completed_rpcs', 'app_id, grpc_server_status'),
      },
    },
    {
      title: 'gRPC failures',
      unit: 'percentunit',
      queries: {
        '{{app_id}}': share(
          rate('dapr_grpc_io_server_completed_rpcs', 'app_id', ', grpc_server_status!="OK"'),
          rate('dapr_grpc_io_server_completed_rpcs', 'app_id'),
        ),
      },
    },
    {
      title: 'gRPC latency',
      unit: 'ms',
      queries: {
        'p50 {{app_id}}': quantile(0.5, 'dapr_grpc_io_server_server_latency', 'app_id'),
        'p99 {{app_id}}': quantile(0.99, 'dapr_grpc_io_server_server_latency', 'app_id'),
      },
    },
    {
      title: 'Calls to other apps',
      unit: 'reqps',
      queries: {
        '{{app_id}} → {{src_app_id}} {{status}}': rate(
          'dapr_runtime_service_invocation_res_recv_total',
          'app_id, src_app_id, status',
        ),
      },
    },
    {
      title: 'Latency of calls to other apps',
      unit: 'ms',
      queries: {
        'p99 {{app_id}} → {{src_app_id}}': quantile(
          0.99,
          'dapr_runtime_service_invocation_res_recv_latency_ms',
          'app_id, src_app_id',
        ),
      },
    },
    {
      title: 'Latency of the app itself',
      unit: 'ms',
      queries: {
        'HTTP p99 {{app_id}}': quantile(0.99, 'dapr_http_client_roundtrip_latency', 'app_id'),
        'gRPC p99 {{app_id}}': quantile(0.99, 'dapr_grpc_io_client_roundtrip_latency', 'app_id'),
      },
    },
    {
      title: 'Health probes of the app',
      unit: 'reqps',
      queries: {
        'HTTP {{app_id}} {{status}}': rate('dapr_http_healthprobes_completed_count', 'app_id, status'),
        'gRPC {{app_id}} {{grpc_client_status}}': rate(
          'dapr_grpc_io_healthprobes_completed_count',
          'app_id, grpc_client_status',
        ),
      },
    },
    {
      title: 'Resiliency policies that stepped in',
      unit: 'reqps',
      queries: {
        '{{policy}} {{status}} {{target}}': rate('dapr_resiliency_activations_total', 'policy, status, target'),
      },
    },
    {
      title: 'Open circuits',
      unit: 'short',
      queries: { '{{app_id}} {{target}}': `max by (app_id, target) (dapr_resiliency_cb_state{${app}, status="open"})` },
    },
    {
      title: 'State operations',
      unit: 'reqps',
      queries: {
        '{{component}} {{operation}} {{success}}': rate('dapr_component_state_count', 'component, operation, success'),
      },
    },
    {
      title: 'State latency',
      unit: 'ms',
      queries: {
        'p99 {{component}} {{operation}}': quantile(0.99, 'dapr_component_state_latencies', 'component, operation'),
      },
    },
    {
      title: 'Messages published',
      unit: 'reqps',
      queries: {
        '{{component}} {{topic}} {{success}}': rate('dapr_component_pubsub_egress_count', 'component, topic, success'),
      },
    },
    {
      title: 'Messages delivered',
      unit: 'reqps',
      queries: {
        '{{app_id}} {{topic}} {{process_status}}': rate(
          'dapr_component_pubsub_ingress_count',
          'app_id, topic, process_status',
        ),
        'binding {{app_id}} {{component}} {{success}}': rate(
          'dapr_component_input_binding_count',
          'app_id, component, success',
        ),
      },
    },
    {
      title: 'Secret reads',
      unit: 'reqps',
      queries: { '{{component}} {{success}}': rate('dapr_component_secret_count', 'component, success') },
    },
    {
      title: 'Answers by error code (where recordErrorCodes is on)',
      unit: 'reqps',
      queries: { '{{error_code}}': rate('dapr_error_code_total', 'error_code') },
    },
    {
      title: 'Bytes in and out over HTTP',
      unit: 'bytes',
      queries: {
        'in {{app_id}}': rate('dapr_http_server_request_bytes_sum', 'app_id'),
        'out {{app_id}}': rate('dapr_http_server_response_bytes_sum', 'app_id'),
      },
    },
    {
      title: 'Calls blocked by access control, by caller',
      unit: 'reqps',
      queries: {
        'policy {{app_id}}': 'sum by (app_id) (rate(dapr_runtime_acl_app_policy_action_blocked_total[5m]))',
        'default {{app_id}}': 'sum by (app_id) (rate(dapr_runtime_acl_global_policy_action_blocked_total[5m]))',
      },
    },
  ],
};
