import { describe, expect, it } from '#kit/testing/test.ts';
import type { DaprPod } from '../pod.ts';
import { skipReason } from './skip-reason.ts';

const pod = (extra: Partial<DaprPod> = {}): DaprPod => ({
  namespace: 'shop',
  name: 'cart-1',
  uid: 'u',
  createdAt: 0,
  appId: 'cart',
  enabled: 'true',
  configuration: '',
  labelled: false,
  owner: 'ReplicaSet cart-5d4',
  hosted: [],
  warnings: '',
  deleting: false,
  ...extra,
});

describe('skipReason', () => {
  it.each([
    [{ enabled: 'yes' }, true, 'dapr.io/enabled is "yes"'],
    [{ namespace: 'dapr-system' }, true, 'pods of namespace dapr-system are never injected'],
    [{}, false, 'no pod of the injector is ready'],
    [{ owner: '' }, true, 'may not know who made it (no owner)'],
    [{ owner: 'Rollout cart' }, true, 'may not know who made it (Rollout cart)'],
    [{}, true, 'the injector was not asked'],
  ])('of %j with the injector ready %p', (extra, injectorReady, reason) => {
    expect(skipReason(pod(extra), { namespace: 'dapr-system', injectorReady })).toContain(reason);
  });
});
