import { Registry } from 'prom-client';
import { describe, expect, it } from '#kit/testing/test.ts';
import { appMetrics } from './app-metrics.ts';

const settings = { increasedCardinality: true, pathMatching: [], excludeVerbs: false };

function metrics() {
  const registry = new Registry();
  return { registry, watch: appMetrics(registry, 'shop', settings) };
}

describe('metrics of calls that go out', () => {
  it('count HTTP calls by path and status, and their sizes', async () => {
    const { registry, watch } = metrics();
    const call = { verb: 'POST', path: '/orders', requestBytes: 3_000, responseBytes: 10, milliseconds: 4 };
    watch.http.called({ ...call, status: 200 });
    watch.http.called({ ...call, status: 500 });
    const text = await registry.metrics();
    for (const line of [
      'dapr_http_client_completed_count{app_id="shop",method="POST",path="/orders",status="200"} 1',
      'dapr_http_client_completed_count{app_id="shop",method="POST",path="/orders",status="500"} 1',
      'dapr_http_client_roundtrip_latency_sum{app_id="shop",method="POST",path="/orders",status="200"} 4',
      'dapr_http_client_sent_bytes_count{app_id="shop",method="POST",path="/orders",status=""} 2',
      'dapr_http_client_sent_bytes_bucket{app_id="shop",method="POST",path="/orders",status="",le="4096"} 2',
      'dapr_http_client_received_bytes_sum{app_id="shop"} 20',
    ])
      expect(text).toContain(`${line}\n`);
  });

  it('count gRPC calls by method and status, health checks apart', async () => {
    const { registry, watch } = metrics();
    const sizes = { requestBytes: 7, responseBytes: 9, milliseconds: 2 };
    watch.grpc({ path: '/dapr.proto.runtime.v1.AppCallback/OnInvoke', code: 5, ...sizes });
    watch.grpc({ path: '/dapr.proto.runtime.v1.AppCallbackHealthCheck/HealthCheck', code: 0, ...sizes });
    watch.http.probed(503, 1);
    const text = await registry.metrics();
    const method = 'grpc_client_method="/dapr.proto.runtime.v1.AppCallback/OnInvoke"';
    for (const line of [
      `dapr_grpc_io_client_completed_rpcs{app_id="shop",${method},grpc_client_status="NotFound"} 1`,
      `dapr_grpc_io_client_sent_bytes_per_rpc_sum{app_id="shop",${method}} 7`,
      `dapr_grpc_io_client_received_bytes_per_rpc_sum{app_id="shop",${method}} 9`,
      'dapr_grpc_io_healthprobes_completed_count{app_id="shop",grpc_client_status="OK"} 1',
      'dapr_http_healthprobes_completed_count{app_id="shop",status="503"} 1',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text).not.toContain('AppCallbackHealthCheck');
  });
});
