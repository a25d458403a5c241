import { describe, expect, it } from '#kit/testing/test.ts';
import { acceptResiliency } from './accept-resiliency.ts';

const accept = (spec: Record<string, unknown>) => acceptResiliency({ metadata: { name: 'shop' }, spec });

describe('whether a Resiliency makes sense', () => {
  it('takes one whose durations, retries and scopes can be read', () => {
    const policies = {
      timeouts: { fast: '500ms', bare: '500' },
      retries: { steady: { policy: 'Constant', duration: '1s' }, plain: {} },
      circuitBreakers: { one: { interval: '10s', timeout: '30s' } },
    };
    const targets = { actors: { cart: { circuitBreaker: 'one', circuitBreakerScope: 'both' } } };
    expect(accept({ policies, targets })).toMatchObject({ status: 'True', reason: 'Valid' });
    expect(accept({})).toMatchObject({ status: 'True' });
  });

  it('names every field that makes no sense', () => {
    const policies = {
      timeouts: { fast: 'soon' },
      retries: { steady: { policy: 'linear', maxInterval: '1 s' } },
      circuitBreakers: { one: { timeout: 'x' } },
    };
    const { status, message } = accept({ policies, targets: { actors: { cart: { circuitBreaker: 'one' } } } });
    const examples = 'is not a duration (examples: 300ms, 1.5h, 2h45m)';
    expect([status, ...message.split('; ')]).toEqual([
      'False',
      `spec.policies.timeouts.fast: "soon" ${examples}`,
      'spec.policies.retries.steady.policy: "linear" is none of constant, exponential',
      `spec.policies.retries.steady.maxInterval: "1 s" ${examples}`,
      `spec.policies.circuitBreakers.one.timeout: "x" ${examples}`,
      'spec.targets.actors.cart.circuitBreakerScope: must be one of type, id, both where there is a circuitBreaker',
    ]);
  });

  it('names the field of a wrong shape', () => {
    expect(accept({ targets: { apps: 'all' } })).toMatchObject({ status: 'False', reason: 'Invalid' });
  });
});
