import { describe, expect, it } from '#kit/testing/test.ts';
import { parseQuantity } from './quantity.ts';

describe('parseQuantity', () => {
  it.each([
    ['4Mi', 4_194_304],
    ['100k', 100_000],
    ['500m', 0.5],
    ['1e3', 1_000],
    ['0.5', 0.5],
  ])('reads %s as %d', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each(['', '4mb', 'Mi', '1 Gi'])('refuses %p and names it', (text) => {
    expect(() => parseQuantity(text)).toThrow(`"${text}" is not a quantity`);
  });
});
