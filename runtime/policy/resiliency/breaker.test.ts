import { describe, expect, it } from '#kit/testing/test.ts';
import { type BreakerState, createBreaker, defaultTrip } from './breaker.ts';

function breaker(settings: { intervalMs?: number; maxRequests?: number } = {}) {
  const clock = { ms: 0 };
  const changes: string[] = [];
  const made = createBreaker(
    {
      name: 'b',
      maxRequests: 1,
      intervalMs: 0,
      timeoutMs: 1_000,
      trip: (counts) => counts.consecutiveFailures > 2,
      ...settings,
    },
    () => clock.ms,
    (from: BreakerState, to: BreakerState) => changes.push(`${from} → ${to}`),
  );
  const call = (succeeds: boolean) => made.enter()(succeeds);
  return { made, clock, changes, call };
}

describe('a circuit breaker', () => {
  it('opens when its failures trip it, and refuses calls', () => {
    const { made, call } = breaker();
    for (let i = 0; i < 3; i++) call(false);
    expect(made.state()).toBe('open');
    expect(() => call(true)).toThrow('circuit breaker is open');
  });

  it('counts failures in a row: a success between them starts anew', () => {
    const { made, call } = breaker();
    for (const outcome of [false, false, true, false, false]) call(outcome);
    expect(made.state()).toBe('closed');
  });

  it('lets one call try after its timeout, and closes when that succeeds', () => {
    const { made, clock, call, changes } = breaker();
    for (let i = 0; i < 3; i++) call(false);
    clock.ms = 1_000;
    const done = made.enter();
    expect(() => made.enter()).toThrow('too many requests');
    done(true);
    expect(changes).toEqual(['closed → open', 'open → half-open', 'half-open → closed']);
  });

  it('opens again when the trying call fails', () => {
    const { made, clock, call } = breaker();
    for (let i = 0; i < 3; i++) call(false);
    clock.ms = 1_000;
    call(false);
    expect(made.state()).toBe('open');
  });

  it('forgets its counts each interval while closed', () => {
    const { made, clock, call } = breaker({ intervalMs: 100 });
    call(false);
    call(false);
    clock.ms = 100;
    call(false);
    expect(made.state()).toBe('closed');
  });

  it('ignores the outcome of a call that began before the last change', () => {
    const { made, call } = breaker();
    const late = made.enter();
    for (let i = 0; i < 3; i++) call(false);
    late(true);
    expect(made.state()).toBe('open');
  });

  it("trips by Dapr's default at the sixth failure in a row", () => {
    const counts = {
      requests: 0,
      totalSuccesses: 0,
      totalFailures: 0,
      consecutiveSuccesses: 0,
      consecutiveFailures: 5,
    };
    expect(defaultTrip(counts)).toBe(false);
    expect(defaultTrip({ ...counts, consecutiveFailures: 6 })).toBe(true);
  });
});
