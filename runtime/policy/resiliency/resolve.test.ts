import { describe, expect, it } from '#kit/testing/test.ts';
import { decodeResiliency, type ResiliencySpec } from './decode.ts';
import { builtInTables, createPolicyResolver } from './resolve.ts';

async function resolver(...specs: ResiliencySpec[]) {
  const tables = builtInTables();
  const warnings: string[] = [];
  for (const spec of specs) await decodeResiliency(spec, tables, (text) => warnings.push(text));
  return { policies: createPolicyResolver(tables, () => 0), warnings };
}

const spec: ResiliencySpec = {
  policies: {
    timeouts: { short: '500ms', DefaultTimeoutPolicy: '5s', DefaultAppTimeoutPolicy: '250' },
    retries: {
      often: { policy: 'exponential', maxInterval: '15s', maxRetries: 10 },
      DefaultStatestoreComponentOutboundRetryPolicy: { duration: '1s', maxRetries: 1 },
    },
    circuitBreakers: { simple: { maxRequests: 1, timeout: '30s', trip: 'consecutiveFailures >= 1' } },
  },
  targets: {
    apps: { shop: { timeout: 'short', retry: 'often', circuitBreaker: 'simple' } },
    components: { store: { outbound: { retry: 'often' } } },
    actors: { cart: { timeout: 'short', circuitBreaker: 'simple', circuitBreakerScope: 'id' } },
  },
};

describe('the policy of an app', () => {
  it('is what the target names', async () => {
    const { policies } = await resolver(spec);
    const policy = policies.endpoint('shop', 'pay');
    expect(policy).toMatchObject({
      name: 'endpoint[shop, pay]',
      timeoutMs: 500,
      retry: { kind: 'exponential', maxIntervalMs: 15_000, maxRetries: 10 },
    });
    expect(policies.definesApp('shop')).toBe(true);
  });

  it('falls back to the defaults for apps, then for everything', async () => {
    const { policies } = await resolver(spec);
    expect(policies.endpoint('other', 'x')).toMatchObject({ timeoutMs: 250, retry: undefined, breaker: undefined });
    expect(policies.definesApp('other')).toBe(false);
  });

  it('keeps one breaker per endpoint between calls', async () => {
    const { policies } = await resolver(spec);
    policies.endpoint('shop', 'pay').breaker!.enter()(false);
    expect(policies.endpoint('shop', 'pay').breaker!.state()).toBe('open');
    expect(policies.endpoint('shop', 'list').breaker!.state()).toBe('closed');
  });
});

describe('the policy of a component', () => {
  it('is what the target names for that direction, and nothing where it names none', async () => {
    const { policies } = await resolver(spec);
    expect(policies.component('store', 'Statestore', 'outbound').retry).toMatchObject({ maxRetries: 10 });
    expect(policies.component('store', 'Statestore', 'inbound')).toMatchObject({
      timeoutMs: undefined,
      retry: undefined,
    });
  });

  it('takes the default of its kind and direction before the general one', async () => {
    const { policies } = await resolver(spec);
    expect(policies.component('x', 'Statestore', 'outbound')).toMatchObject({
      timeoutMs: 5_000,
      retry: { maxRetries: 1 },
    });
    expect(policies.component('x', 'Pubsub', 'outbound').retry).toBeUndefined();
  });
});

describe('the policy of an actor', () => {
  it('has retries and breaker before the turn and the timeout within it', async () => {
    const { policies } = await resolver(spec);
    expect(policies.actorBeforeTurn('cart', '1')).toMatchObject({ timeoutMs: undefined });
    expect(policies.actorBeforeTurn('cart', '1').breaker).not.toBe(policies.actorBeforeTurn('cart', '2').breaker);
    expect(policies.actorWithinTurn('cart')).toMatchObject({ timeoutMs: 500, breaker: undefined });
  });
});

describe('built-in retries', () => {
  it('are there without any resource', async () => {
    const { policies } = await resolver();
    expect(policies.builtIn('service').retry).toMatchObject({ kind: 'constant', durationMs: 1_000, maxRetries: 3 });
  });

  it('may be replaced, never with fewer than three tries', async () => {
    const { policies, warnings } = await resolver({
      policies: {
        retries: {
          DaprBuiltInServiceRetries: { duration: '1ms', maxRetries: 1 },
          DaprBuiltInActorNotFoundRetries: { maxRetries: 9 },
        },
      },
    });
    expect(policies.builtIn('service').retry).toMatchObject({ durationMs: 1, maxRetries: 3 });
    expect(policies.builtIn('actor-not-found').retry).toMatchObject({ maxRetries: 5 });
    expect(warnings).toHaveLength(2);
  });
});

describe('a bad resource', () => {
  it.each([
    [{ policies: { timeouts: { t: 'soon' } } }, 'invalid duration "t": "soon" is not a duration'],
    [
      { policies: { retries: { r: { policy: 'random' } } } },
      'invalid retry configuration "r": unexpected back off policy type: random',
    ],
    [
      { policies: { retries: { r: { matching: { httpStatusCodes: '5xx' } } } } },
      'invalid retry configuration "r": invalid pattern 5xx',
    ],
    [
      { policies: { circuitBreakers: { b: { trip: 'requests >' } } } },
      'invalid circuit breaker configuration "b": trip: "requests >"',
    ],
    [
      { targets: { actors: { a: { circuitBreaker: 'b' } } } },
      'targets.actors.a: actor circuit breakers must include scope',
    ],
  ])('is refused by name and reason', async (bad, message) => {
    await expect(resolver(bad as ResiliencySpec)).rejects.toThrow(message);
  });
});
