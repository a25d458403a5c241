import { describe, expect, it } from '#kit/testing/test.ts';
import { isFields } from './fields.ts';

describe('isFields', () => {
  it('takes objects, empty ones too', () => {
    expect([{}, { a: 1 }].every(isFields)).toBe(true);
  });

  it('takes no list, null or scalar', () => {
    expect([[], null, undefined, 'text', 1, true].some(isFields)).toBe(false);
  });
});
