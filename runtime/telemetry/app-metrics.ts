import type { Registry } from 'prom-client';
import { codeName } from '#kit/grpc/code-name.ts';
import type { UnaryCall } from '#kit/grpc/unary-watch.ts';
import { boundCounter, boundHistogram } from '#kit/telemetry/bound-series.ts';
import { AppCallbackHealthCheck } from '#proto/dapr/proto/runtime/v1/appcallback_pb.js';
import type { ChannelWatch } from '../channel/watched.ts';
import { boundOnce } from './bound-once.ts';
import { latencyBuckets } from './component-metrics.ts';
import { metricPath, type PathSettings } from './metric-path.ts';
import { metricVerb } from './metric-verb.ts';
import { sizeBuckets } from './size-buckets.ts';

export type AppMetricsSettings = PathSettings & { excludeVerbs: boolean; buckets?: readonly number[] | undefined };

/** What counts calls that go out: over HTTP to the app and to endpoints, over gRPC to the app. */
export type AppMetrics = { http: ChannelWatch; grpc(call: UnaryCall): void };

/** Makes it: `dapr_http_client_*`, `dapr_grpc_io_client_*`, and `…_healthprobes_*` of each. */
export function appMetrics(registry: Registry, appId: string, settings: AppMetricsSettings): AppMetrics {
  return { http: httpWatch(registry, appId, settings), grpc: grpcWatch(registry, appId, settings) };
}

function httpWatch(registry: Registry, appId: string, settings: AppMetricsSettings): ChannelWatch {
  const { counter, latency, sizes } = makers(registry, 'http', settings);
  const completed = counter('client_completed_count', 'HTTP requests that the app or an endpoint answered.');
  const roundtrip = latency('client_roundtrip_latency', 'Time from such a request to its answer, in milliseconds.');
  const sentBytes = sizes('client_sent_bytes', 'Size of such requests.');
  const receivedBytes = sizes('client_received_bytes', 'Size of their answers.')({ app_id: appId });
  const pathOf = metricPath(settings);
  const verbOf = metricVerb(settings);
  const series = boundOnce((path, method, status) => {
    const labels = { app_id: appId, method, path, status: String(status) };
    return { completed: completed(labels), roundtrip: roundtrip(labels) };
  });
  // Dapr knows no status yet when it counts what is sent, and says so by an empty label.
  const sent = boundOnce((path, method) => sentBytes({ app_id: appId, method, path, status: '' }));
  const probe = probes(registry, 'http', settings, (status) => ({ app_id: appId, status: String(status) }));
  return {
    called(call) {
      const path = pathOf(call.path);
      const verb = verbOf(call.verb);
      const one = series(path, verb, call.status);
      one.completed.inc();
      one.roundtrip.observe(call.milliseconds);
      sent(path, verb, 0).observe(call.requestBytes);
      receivedBytes.observe(call.responseBytes);
    },
    probed: probe,
  };
}

const healthCheck = `/${AppCallbackHealthCheck.typeName}/${AppCallbackHealthCheck.method.healthCheck.name}`;

function grpcWatch(registry: Registry, appId: string, settings: AppMetricsSettings): AppMetrics['grpc'] {
  const { counter, latency, sizes } = makers(registry, 'grpc_io', settings);
  const completed = counter('client_completed_rpcs', 'gRPC calls of the app that ended.');
  const roundtrip = latency('client_roundtrip_latency', 'Time from such a call to its end, in milliseconds.');
  const sent = sizes('client_sent_bytes_per_rpc', 'Size of such requests.');
  const received = sizes('client_received_bytes_per_rpc', 'Size of their answers.');
  const series = boundOnce((method, _verb, code) => {
    const labels = { app_id: appId, grpc_client_method: method, grpc_client_status: codeName(code) };
    return { completed: completed(labels), roundtrip: roundtrip(labels) };
  });
  const sizesOf = boundOnce((method) => {
    const labels = { app_id: appId, grpc_client_method: method };
    return { sent: sent(labels), received: received(labels) };
  });
  const probe = probes(registry, 'grpc_io', settings, (code) => ({
    app_id: appId,
    grpc_client_status: codeName(code),
  }));
  return (call) => {
    if (call.path === healthCheck) {
      probe(call.code, call.milliseconds);
      return;
    }
    const one = series(call.path, '', call.code);
    one.completed.inc();
    one.roundtrip.observe(call.milliseconds);
    const ofMethod = sizesOf(call.path, '', 0);
    ofMethod.sent.observe(call.requestBytes);
    ofMethod.received.observe(call.responseBytes);
  };
}

function probes(
  registry: Registry,
  family: 'http' | 'grpc_io',
  settings: AppMetricsSettings,
  labels: (status: number) => Record<string, string>,
): ChannelWatch['probed'] {
  const { counter, latency } = makers(registry, family, settings);
  const completed = counter('healthprobes_completed_count', 'Health probes of the app that ended.');
  const roundtrip = latency('healthprobes_roundtrip_latency', 'Time such a probe took, in milliseconds.');
  const series = boundOnce((_path, _verb, status) => {
    return { completed: completed(labels(status)), roundtrip: roundtrip(labels(status)) };
  });
  return (status, milliseconds) => {
    const one = series('', '', status);
    one.completed.inc();
    one.roundtrip.observe(milliseconds);
  };
}

function makers(registry: Registry, family: 'http' | 'grpc_io', { buckets = latencyBuckets }: AppMetricsSettings) {
  const named = (name: string, help: string) => ({ name: `dapr_${family}_${name}`, help });
  return {
    counter: (name: string, help: string) => boundCounter(registry, named(name, help)),
    latency: (name: string, help: string) => boundHistogram(registry, { ...named(name, help), buckets }),
    sizes: (name: string, help: string) => boundHistogram(registry, { ...named(name, help), buckets: sizeBuckets }),
  };
}
