import { describe, expect, it } from '#kit/testing/test.ts';
import { valueText } from './name-value.ts';

describe('valueText', () => {
  it.each([
    ['text', 'text'],
    [5, '5'],
    [true, 'true'],
    [[1, 'a'], '[1,"a"]'],
    [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
    [null, undefined],
    [undefined, undefined],
  ])('hands %j on as %p', (value, text) => {
    expect(valueText(value)).toBe(text);
  });
});
