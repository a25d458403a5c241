import { Counter, Histogram, type Registry } from 'prom-client';
import type { Fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { DoorWatch, Served } from '../doors/served.ts';
import { latencyBuckets } from './component-metrics.ts';
import { metricPath, type PathSettings } from './metric-path.ts';

export type ServerMetricsSettings = PathSettings & { excludeVerbs: boolean; buckets?: readonly number[] | undefined };

/** Bounds of size histograms, in bytes. Source: Dapr `pkg/diagnostics`. */
const sizeBuckets = [1_024, 2_048, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];

const codeNames = Object.fromEntries(Object.entries(grpcCode).map(([name, code]) => [code, name]));

const verbs = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE']);

/** Makes what counts calls at the doors: `dapr_http_server_*` and `dapr_grpc_io_server_*`. */
export function serverMetrics(
  registry: Registry,
  appId: string,
  settings: ServerMetricsSettings,
): NonNullable<DoorWatch['served']> {
  const http = httpSeries(registry, settings);
  const grpc = grpcSeries(registry, settings);
  const pathOf = metricPath(settings);
  const ofHttp = boundOnce((key) => {
    const [method, path, status] = JSON.parse(key) as [string, string, string];
    const labels = { app_id: appId, method, path, status };
    return {
      requests: http.requests.labels(labels),
      responses: http.responses.labels(labels),
      latency: http.latency.labels(labels),
    };
  });
  const ofGrpc = boundOnce((key) => {
    const [method, status] = JSON.parse(key) as [string, string];
    const labels = { app_id: appId, grpc_server_method: method, grpc_server_status: status };
    return { completed: grpc.completed.labels(labels), latency: grpc.latency.labels(labels) };
  });
  const bytesIn = http.bytesIn.labels({ app_id: appId });
  const bytesOut = http.bytesOut.labels({ app_id: appId });
  return (call: Served) => {
    if (call.door === 'grpc') {
      const series = ofGrpc(JSON.stringify([call.path, codeNames[call.status] ?? 'UNKNOWN']));
      series.completed.inc();
      series.latency.observe(call.milliseconds);
      return;
    }
    const verb = settings.excludeVerbs ? '' : verbs.has(call.verb) ? call.verb : 'UNKNOWN';
    const series = ofHttp(JSON.stringify([verb, pathOf(call.path), String(call.status)]));
    series.requests.inc();
    series.responses.inc();
    series.latency.observe(call.milliseconds);
    bytesIn.observe(call.requestBytes);
    bytesOut.observe(call.responseBytes);
  };
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

function boundOnce<T>(bind: (key: string) => T): (key: string) => T {
  const bound = new Map<string, T>();
  return (key) => {
    const found = bound.get(key) ?? bind(key);
    bound.set(key, found);
    return found;
  };
}

function httpSeries(registry: Registry, { buckets }: ServerMetricsSettings) {
  const labelNames = ['app_id', 'method', 'path', 'status'];
  const registers = [registry];
  const sizes = { labelNames: ['app_id'], buckets: sizeBuckets, registers };
  return {
    requests: new Counter({
      name: 'dapr_http_server_request_count',
      help: 'HTTP requests served.',
      labelNames,
      registers,
    }),
    responses: new Counter({ name: 'dapr_http_server_response_count', help: 'HTTP answers.', labelNames, registers }),
    latency: new Histogram({
      name: 'dapr_http_server_latency',
      help: 'Time from an HTTP request to its answer, in milliseconds.',
      labelNames,
      buckets: [...(buckets ?? latencyBuckets)],
      registers,
    }),
    bytesIn: new Histogram({ name: 'dapr_http_server_request_bytes', help: 'Size of HTTP requests.', ...sizes }),
    bytesOut: new Histogram({ name: 'dapr_http_server_response_bytes', help: 'Size of HTTP answers.', ...sizes }),
  };
}

function grpcSeries(registry: Registry, { buckets }: ServerMetricsSettings) {
  const labelNames = ['app_id', 'grpc_server_method', 'grpc_server_status'];
  const registers = [registry];
  return {
    completed: new Counter({
      name: 'dapr_grpc_io_server_completed_rpcs',
      help: 'gRPC calls served.',
      labelNames,
      registers,
    }),
    latency: new Histogram({
      name: 'dapr_grpc_io_server_server_latency',
      help: 'Time from a gRPC call to its answer, in milliseconds.',
      labelNames,
      buckets: [...(buckets ?? latencyBuckets)],
      registers,
    }),
  };
}
