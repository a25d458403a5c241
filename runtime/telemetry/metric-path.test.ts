import { describe, expect, it } from '#kit/testing/test.ts';
import { metricPath } from './metric-path.ts';

describe('the label `path`', () => {
  it('loses what differs from call to call', () => {
    const label = metricPath({ increasedCardinality: true, pathMatching: [] });
    for (const [path, expected] of [
      ['/v1.0/state/mystore/key1', '/v1.0/state/mystore'],
      ['//v1.0//secrets/vault/name', '/v1.0/secrets/vault'],
      ['/v1.0/actors/Demo/1/method/m', '/v1.0/actors/Demo/{id}/method'],
      ['/v1.0/invoke/shop/method/orders/1', '/v1.0/invoke/shop/method/orders/1'],
      ['/v1.0/workflows/dapr/abc', '/v1.0/workflows/dapr/{instanceId}'],
      ['/v1.0/workflows/dapr/order/start', '/v1.0/workflows/dapr/order/start'],
      ['/v1.0/workflows/dapr/abc/raiseEvent/paid', '/v1.0/workflows/dapr/{instanceId}/raiseEvent/{eventName}'],
      ['/v1.0/healthz', '/v1.0/healthz'],
    ]) {
      expect(label(path!)).toBe(expected);
    }
  });

  it('is the template a path fits, of several the most specific one', () => {
    const label = metricPath({ increasedCardinality: true, pathMatching: ['/orders/{orderID}', '/orders/1234'] });
    expect(label('/orders/77')).toBe('/orders/{orderID}');
    expect(label('/orders/1234')).toBe('/orders/1234');
    expect(label('/v1.0/invoke/shop/method/orders/77')).toBe('/v1.0/invoke/{app_id}/method/orders/{orderID}');
    expect(label('/other')).toBe('/other');
  });

  it('is empty for what fits no template, where cardinality shall stay low', () => {
    const label = metricPath({ increasedCardinality: false, pathMatching: ['/orders/{orderID}'] });
    expect(label('/orders/77')).toBe('/orders/{orderID}');
    expect(label('/v1.0/state/mystore/a')).toBe('');
  });

  it('is empty for new paths once there are very many', () => {
    const label = metricPath({ increasedCardinality: true, pathMatching: [] });
    for (let i = 0; i < 2_000; i++) expect(label(`/made-up/${i}`)).toBe(`/made-up/${i}`);
    expect([label('/made-up/2000'), label('/made-up/7')]).toEqual(['', '/made-up/7']);
  });
});
