import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { compileTrip } from './trip.ts';

const none = { requests: 0, totalSuccesses: 0, totalFailures: 0, consecutiveSuccesses: 0, consecutiveFailures: 0 };

describe('the trip rule of a circuit breaker', () => {
  it.each([
    ['consecutiveFailures >= 3', { consecutiveFailures: 3 }, true],
    ['consecutiveFailures >= 3', { consecutiveFailures: 2 }, false],
    ['totalFailures * 2 > requests && requests > 4', { requests: 5, totalFailures: 3 }, true],
    ['totalSuccesses == 0 || consecutiveSuccesses > 9', {}, true],
  ])('%s, given %j: %p', async (rule, counts, trips) => {
    expect((await compileTrip(rule))({ ...none, ...counts })).toBe(trips);
  });

  it('is Dapr’s default where there is none', async () => {
    const trips = await compileTrip(' ');
    expect([5, 6].map((consecutiveFailures) => trips({ ...none, consecutiveFailures }))).toEqual([false, true]);
  });

  it('does not trip where it fails, or answers no yes or no', async () => {
    for (const rule of ['requests / 0 > 1', 'nothingOfTheKind > 1', 'requests', '"yes"'])
      expect((await compileTrip(rule))(none)).toBe(false);
  });

  it('is refused by name where it is no CEL', async () => {
    await expect(compileTrip('consecutiveFailures >')).rejects.toThrow(
      '"consecutiveFailures >" is not a CEL expression',
    );
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const compiled = await compileTrip(text).catch((thrown) => thrown);
        if (typeof compiled === 'function') expect(typeof compiled(none)).toBe('boolean');
        else expect(compiled).toMatchObject({ key: 'invalid-config' });
      }),
    );
  });
});
