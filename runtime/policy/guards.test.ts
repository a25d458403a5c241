import { resiliency } from '#crds/resiliency.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { ResourceSource } from '../resources/source.ts';
import { loadPolicies } from './guards.ts';

const manifest = resiliency.parse({
  kind: 'Resiliency',
  metadata: { name: 'calm' },
  spec: {
    policies: { circuitBreakers: { once: { maxRequests: 1, timeout: '1h', trip: 'consecutiveFailures > 0' } } },
    targets: { components: { store: { outbound: { circuitBreaker: 'once' } } } },
  },
});
const source = { list: async () => [manifest] } as unknown as ResourceSource;

describe('loaded policies', () => {
  it('log when a circuit breaker changes its state', async () => {
    const told: string[] = [];
    const { resolver, run } = await loadPolicies(source, 'shop', {
      ...silentLogger,
      info: (message) => void told.push(message),
    });
    const policy = resolver.component('store', 'Statestore', 'outbound');
    const fails = run(policy, () => Promise.reject(new Error('away')), { signal: new AbortController().signal });
    await expect(fails).rejects.toThrow('away');
    expect(told).toContain('Circuit breaker "once-store" changed state from closed to open');
  });
});
