import { Counter, type Registry } from 'prom-client';
import type { Fault } from '#kit/errors/fault.ts';
import { codeName } from '#kit/grpc/code-name.ts';
import { boundCounter, boundHistogram } from '#kit/telemetry/bound-series.ts';
import type { DoorWatch, Served } from '../doors/served.ts';
import { boundOnce } from './bound-once.ts';
import { latencyBuckets } from './component-metrics.ts';
import { metricPath, type PathSettings } from './metric-path.ts';
import { metricVerb } from './metric-verb.ts';
import { sizeBuckets } from './size-buckets.ts';

export type ServerMetricsSettings = PathSettings & { excludeVerbs: boolean; buckets?: readonly number[] | undefined };

/** Makes what counts calls at the doors: `dapr_http_server_*` and `dapr_grpc_io_server_*`. */
export function serverMetrics(
  registry: Registry,
  appId: string,
  settings: ServerMetricsSettings,
): NonNullable<DoorWatch['served']> {
  const http = httpSeries(registry, settings);
  const grpc = grpcSeries(registry, settings);
  const pathOf = metricPath(settings);
  const verbOf = metricVerb(settings);
  const ofHttp = boundOnce((path, method, status) => {
    const labels = { app_id: appId, method, path, status: String(status) };
    return { requests: http.requests(labels), responses: http.responses(labels), latency: http.latency(labels) };
  });
  const ofGrpc = boundOnce((path, _verb, status) => {
    const labels = { app_id: appId, grpc_server_method: path, grpc_server_status: codeName(status) };
    return { completed: grpc.completed(labels), latency: grpc.latency(labels) };
  });
  const sizesOf = boundOnce((method) => {
    const labels = { app_id: appId, grpc_server_method: method };
    return { received: grpc.received(labels), sent: grpc.sent(labels) };
  });
  const bytesIn = http.bytesIn({ app_id: appId });
  const bytesOut = http.bytesOut({ app_id: appId });
  return (call: Served) => {
    if (call.door === 'grpc') {
      const series = ofGrpc(call.path, '', call.status);
      series.completed.inc();
      series.latency.observe(call.milliseconds);
      const sizes = sizesOf(call.path, '', 0);
      sizes.received.observe(call.requestBytes);
      sizes.sent.observe(call.responseBytes);
      return;
    }
    const series = ofHttp(pathOf(decoded(call.path)), verbOf(call.verb), call.status);
    series.requests.inc();
    series.responses.inc();
    series.latency.observe(call.milliseconds);
    bytesIn.observe(call.requestBytes);
    bytesOut.observe(call.responseBytes);
  };
}

/** Paths are labels as an app reads them; one with a broken escape stays as it came. */
function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Counts the faults that are answered, by Dapr's error code: `dapr_error_code_total`. */
export function errorCodeMetrics(registry: Registry, appId: string): NonNullable<DoorWatch['failed']> {
  const total = new Counter({
    name: 'dapr_error_code_total',
    help: 'Errors answered, by their code.',
    labelNames: ['app_id', 'category', 'error_code'],
    registers: [registry],
  });
  return (problem: Fault) => total.inc({ app_id: appId, category: categoryOf(problem), error_code: problem.errorCode });
}

const categories: Readonly<Record<string, string>> = {
  invoke: 'service-invocation',
  subtle: 'crypto',
  outbound: 'health',
  scheduler: 'job',
};

const known = new Set([
  ...['actor', 'workflow', 'state', 'configuration', 'crypto', 'secret', 'pubsub', 'conversation'],
  ...['service-invocation', 'binding', 'lock', 'job', 'health', 'pluggable-component'],
]);

/** Dapr's category of an error: the first word of the fault's key, where it is one of them. */
function categoryOf({ key }: Fault): string {
  const word = key.split('-', 1)[0]!;
  const category = categories[word] ?? word;
  return known.has(category) ? category : 'common';
}

function httpSeries(registry: Registry, { buckets = latencyBuckets }: ServerMetricsSettings) {
  const counter = (name: string, help: string) => boundCounter(registry, { name, help });
  const histogram = (name: string, help: string, bounds: readonly number[]) =>
    boundHistogram(registry, { name, help, buckets: bounds });
  return {
    requests: counter('dapr_http_server_request_count', 'HTTP requests served.'),
    responses: counter('dapr_http_server_response_count', 'HTTP answers.'),
    latency: histogram(
      'dapr_http_server_latency',
      'Time from an HTTP request to its answer, in milliseconds.',
      buckets,
    ),
    bytesIn: histogram('dapr_http_server_request_bytes', 'Size of HTTP requests.', sizeBuckets),
    bytesOut: histogram('dapr_http_server_response_bytes', 'Size of HTTP answers.', sizeBuckets),
  };
}

function grpcSeries(registry: Registry, { buckets = latencyBuckets }: ServerMetricsSettings) {
  const histogram = (name: string, help: string, bounds: readonly number[]) =>
    boundHistogram(registry, { name: `dapr_grpc_io_server_${name}`, help, buckets: bounds });
  return {
    completed: boundCounter(registry, { name: 'dapr_grpc_io_server_completed_rpcs', help: 'gRPC calls served.' }),
    latency: histogram('server_latency', 'Time from a gRPC call to its answer, in milliseconds.', buckets),
    received: histogram('received_bytes_per_rpc', 'Size of gRPC requests.', sizeBuckets),
    sent: histogram('sent_bytes_per_rpc', 'Size of gRPC answers.', sizeBuckets),
  };
}
