import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { recentlyUsed } from './recent.ts';

describe('the values used last', () => {
  it('builds a value once while it is used', () => {
    const recent = recentlyUsed<object>(2);
    const first = recent.take('a', () => ({}));
    recent.take('b', () => ({}));
    expect(recent.take('a', () => ({}))).toBe(first);
  });

  it('gives up the one used longest ago', () => {
    const recent = recentlyUsed<string>(2);
    for (const key of ['a', 'b', 'a', 'c']) recent.take(key, () => key);
    expect(recent.take('a', () => 'new')).toBe('a');
    expect(recent.take('b', () => 'new')).toBe('new');
  });

  it('keeps what a list ordered by use would', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e')), fc.integer({ min: 1, max: 4 }), (uses, limit) => {
        const recent = recentlyUsed<number>(limit);
        let order: { key: string; value: number }[] = [];
        for (const [value, key] of uses.entries()) {
          const kept = order.find((one) => one.key === key) ?? { key, value };
          expect(recent.take(key, () => value)).toBe(kept.value);
          order = [kept, ...order.filter((one) => one !== kept)].slice(0, limit);
        }
      }),
    );
  });
});
