import { describe, expect, it } from '#kit/testing/test.ts';
import { convertSubscription } from './subscription-conversion.ts';

const v1 = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Subscription',
  metadata: { name: 'x', uid: 'u', managedFields: [{}] },
  spec: { pubsubname: 'p', topic: 't', route: '/r', metadata: { a: 'b' } },
  scopes: ['shop'],
};

describe('convertSubscription', () => {
  it('moves the route to the default of routes and keeps all else', () => {
    expect(convertSubscription(v1, 'v2alpha1')).toEqual({
      ...v1,
      apiVersion: 'dapr.io/v2alpha1',
      spec: { pubsubname: 'p', topic: 't', metadata: { a: 'b' }, routes: { default: '/r' } },
    });
  });

  it('comes back as it was', () => {
    expect(convertSubscription(convertSubscription(v1, 'v2alpha1'), 'v1alpha1')).toEqual(v1);
  });

  it('loses rules on the way down', () => {
    const v2 = { apiVersion: 'dapr.io/v2alpha1', spec: { topic: 't', routes: { rules: [{ match: '', path: '/a' }] } } };
    expect(convertSubscription(v2, 'v1alpha1')).toEqual({
      apiVersion: 'dapr.io/v1alpha1',
      spec: { topic: 't', route: '' },
    });
  });

  it('leaves an object of the wanted version alone', () => {
    expect(convertSubscription(v1, 'v1alpha1')).toBe(v1);
  });
});
