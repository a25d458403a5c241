import { describe, expect, it } from '#kit/testing/test.ts';
import { boundCounter, boundHistogram } from './bound-series.ts';
import { RuledRegistry } from './label-rules.ts';

const rules = [
  { name: 'dapr_http_server_request_count', labels: [{ name: 'path', regex: { '/orders/{id}': '/orders/[0-9]+' } }] },
  { name: 'http_server_latency', labels: [{ name: 'path', regex: { '/orders/{id}': '/orders/[0-9]+' } }] },
];

describe('rules for labels', () => {
  it('join the series whose labels become the same', async () => {
    const registry = new RuledRegistry(rules);
    const count = boundCounter(registry, { name: 'dapr_http_server_request_count', help: 'h' });
    for (const path of ['/orders/1', '/orders/2', '/else']) count({ path }).inc();
    const text = await registry.metrics();
    expect(text).toContain('dapr_http_server_request_count{path="/orders/{id}"} 2');
    expect(text).toContain('dapr_http_server_request_count{path="/else"} 1');
  });

  it('hold for histograms, and for metrics named without the prefix', async () => {
    const registry = new RuledRegistry(rules);
    const latency = boundHistogram(registry, { name: 'dapr_http_server_latency', help: 'h', buckets: [1] });
    latency({ path: '/orders/1' }).observe(1);
    latency({ path: '/orders/2' }).observe(1);
    expect(await registry.metrics()).toContain('dapr_http_server_latency_count{path="/orders/{id}"} 2');
  });

  it('leave other metrics alone', async () => {
    const registry = new RuledRegistry(rules);
    boundCounter(registry, { name: 'dapr_other', help: 'h' })({ path: '/orders/1' }).inc();
    expect(await registry.metrics()).toContain('dapr_other{path="/orders/1"} 1');
  });

  it('refuse an expression that cannot be read, by the name of metric and label', () => {
    const broken = [{ name: 'm', labels: [{ name: 'path', regex: { x: '(' } }] }];
    expect(() => new RuledRegistry(broken)).toThrow('metrics.rules: m, label path');
  });
});
