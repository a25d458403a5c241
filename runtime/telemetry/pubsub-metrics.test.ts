import { Registry } from 'prom-client';
import { describe, expect, it } from '#kit/testing/test.ts';
import { pubsubMetrics } from './pubsub-metrics.ts';

describe('pubsubMetrics', () => {
  it('counts what is published and received, by topic and outcome, with the labels in the order of the alphabet', async () => {
    const registry = new Registry();
    const metrics = pubsubMetrics(registry, { appId: 'shop', namespace: '' });
    metrics.published('broker', 'orders', true, 3);
    metrics.publishedBulk('broker', 'orders', false, 3, 7);
    const ingress = metrics.from('broker', 'orders');
    ingress.message('success', 2);
    ingress.message('drop', undefined, 'success');
    ingress.batch(4, new Map([['retry', 2]]));
    const text = await registry.metrics();
    const of = 'app_id="shop",component="broker",namespace=""';
    for (const line of [
      `dapr_component_pubsub_egress_count{${of},success="true",topic="orders"} 1`,
      `dapr_component_pubsub_egress_bulk_event_count{${of},success="true",topic="orders"} 7`,
      `dapr_component_pubsub_egress_bulk_count{${of},success="false",topic="orders"} 1`,
      `dapr_component_pubsub_ingress_count{${of},process_status="success",status="success",topic="orders"} 1`,
      `dapr_component_pubsub_ingress_count{${of},process_status="drop",status="success",topic="orders"} 1`,
      `dapr_component_pubsub_ingress_bulk_event_count{${of},process_status="retry",topic="orders"} 2`,
    ])
      expect(text).toContain(line);
    expect(text).toContain('dapr_component_pubsub_ingress_latencies_count');
  });
});
