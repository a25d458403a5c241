import { Registry } from 'prom-client';
import { component } from '#crds/component.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { loadMetrics } from './load-metrics.ts';

describe('metrics of loaded components', () => {
  it('count them by type, and those that failed by name', async () => {
    const registry = new Registry();
    const loaded = loadMetrics(registry, 'shop');
    const store = (name: string) =>
      component.parse({ metadata: { name }, spec: { type: 'state.redis', version: 'v1' } });
    loaded(store('a'), undefined);
    loaded(store('b'), undefined);
    loaded(store('c'), new Error('no such host'));
    const text = await registry.metrics();
    for (const line of [
      'dapr_runtime_component_loaded{app_id="shop"} 2',
      'dapr_runtime_component_init_total{app_id="shop",component="state.redis"} 2',
      'dapr_runtime_component_init_fail_total{app_id="shop",component="state.redis",componentName="c",reason="init"} 1',
    ])
      expect(text).toContain(`${line}\n`);
  });
});
