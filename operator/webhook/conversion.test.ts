import fc from 'fast-check';
import { Fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { answerReview } from './conversion.ts';

const review = (desiredAPIVersion: string, ...objects: unknown[]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'ConversionReview',
  request: { uid: 'r1', desiredAPIVersion, objects },
});

const v1 = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Subscription',
  metadata: { name: 'orders', uid: 'u1' },
  spec: { topic: 'orders', pubsubname: 'bus', route: '/orders' },
  scopes: ['cart'],
};

describe('answerReview', () => {
  it('converts up and down', () => {
    const up = answerReview(review('dapr.io/v2alpha1', v1)) as { response: { convertedObjects: object[] } };
    expect(up).toMatchObject({ response: { uid: 'r1', result: { status: 'Success' } } });
    const [v2] = up.response.convertedObjects;
    expect(v2).toMatchObject({
      apiVersion: 'dapr.io/v2alpha1',
      spec: { routes: { default: '/orders' } },
      scopes: ['cart'],
    });
    expect(answerReview(review('dapr.io/v1alpha1', v2))).toMatchObject({ response: { convertedObjects: [v1] } });
  });

  it.each([
    ['dapr.io/v3', v1, 'desiredAPIVersion "dapr.io/v3" is not a version of Subscription'],
    ['dapr.io/v2alpha1', { kind: 'Component' }, 'only Subscriptions are converted, not Component'],
    ['dapr.io/v2alpha1', null, 'only Subscriptions are converted, not undefined'],
  ])('fails a review for %s of %p', (desired, object, message) => {
    expect(answerReview(review(desired, object))).toMatchObject({
      response: { uid: 'r1', convertedObjects: [], result: { status: 'Failure', message } },
    });
  });

  it('answers any JSON with a review or a fault', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (body, object) => {
        expect(answerReview(review('dapr.io/v2alpha1', object))).toHaveProperty('response.uid', 'r1');
        try {
          answerReview(body);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});
