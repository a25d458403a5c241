import { describe, expect, it } from '#kit/testing/test.ts';
import { codeName } from './code-name.ts';

describe('the name of a status code', () => {
  it('is the one of the Go implementation', () => {
    expect([0, 1, 4, 5, 16].map(codeName)).toEqual([
      'OK',
      'Canceled',
      'DeadlineExceeded',
      'NotFound',
      'Unauthenticated',
    ]);
  });

  it('says the number of a code that it does not know', () => {
    expect(codeName(42)).toBe('Code(42)');
  });
});
