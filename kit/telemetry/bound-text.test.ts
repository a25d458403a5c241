import { describe, expect, it } from '#kit/testing/test.ts';
import { boundText } from './bound-text.ts';

describe('the bound of a bucket', () => {
  it.each([
    [0, '0'],
    [0.5, '0.5'],
    [0.0001, '0.0001'],
    [0.00005, '5e-05'],
    [100_000, '100000'],
    [262_144, '262144'],
    [1_000_000, '1e+06'],
    [1_048_576, '1.048576e+06'],
    [4_294_967_296, '4.294967296e+09'],
    [1e100, '1e+100'],
  ])('%d is written %s', (bound, text) => {
    expect(boundText(bound)).toBe(text);
  });
});
