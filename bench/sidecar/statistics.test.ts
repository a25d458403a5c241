import { describe, expect, it } from '#kit/testing/test.ts';
import { quantile, summarize } from './statistics.ts';

describe('summarize', () => {
  it('tells the middle and the ends, whatever the order', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(summarize([4, 2])).toEqual({ median: 3, min: 2, max: 4 });
  });
});

describe('quantile', () => {
  it('lies between the two nearest figures', () => {
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
    expect(quantile([7], 0.999)).toBe(7);
  });
});
