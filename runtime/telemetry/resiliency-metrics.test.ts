import { Registry } from 'prom-client';
import { describe, expect, it } from '#kit/testing/test.ts';
import { resiliencyMetrics } from './resiliency-metrics.ts';

describe('metrics of resiliency policies', () => {
  it('count uses and activations, and show the one state a breaker is in', async () => {
    const registry = new Registry();
    const metrics = resiliencyMetrics(registry, 'shop');
    const resource = { name: 'calm', namespace: '' };
    metrics.loaded(resource);
    const watchTarget = metrics.watch(resource);
    const watch = watchTarget({ target: 'app_stock', direction: 'outbound' });
    expect(watchTarget({ target: 'app_stock', direction: 'outbound' })).toBe(watch);
    watch.began('circuitbreaker', 'closed');
    watch.began('circuitbreaker', 'open');
    watch.activated('circuitbreaker', 'open');
    const text = await registry.metrics();
    const labels = (status: string) =>
      `{app_id="shop",flow_direction="outbound",name="calm",namespace="",policy="circuitbreaker",status="${status}",target="app_stock"}`;
    for (const line of [
      'dapr_resiliency_loaded{app_id="shop",name="calm",namespace=""} 1',
      `dapr_resiliency_count${labels('closed')} 1`,
      `dapr_resiliency_count${labels('open')} 1`,
      `dapr_resiliency_activations_total${labels('open')} 1`,
      `dapr_resiliency_cb_state${labels('closed')} 0`,
      `dapr_resiliency_cb_state${labels('half-open')} 0`,
      `dapr_resiliency_cb_state${labels('open')} 1`,
    ])
      expect(text).toContain(line);
  });
});
