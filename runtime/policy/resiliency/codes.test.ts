import { describe, expect, it } from '#kit/testing/test.ts';
import { matchesCode, parseCodeRanges } from './codes.ts';

describe('parseCodeRanges', () => {
  it('reads codes and ranges and ignores empty parts', () => {
    expect(parseCodeRanges('429,,500-599', 'HTTP')).toEqual([
      [429, 429],
      [500, 599],
    ]);
  });

  it('means every code where nothing is given', () => {
    expect(parseCodeRanges('', 'HTTP')).toBeUndefined();
    expect(parseCodeRanges(undefined, 'gRPC')).toBeUndefined();
  });

  it.each([
    ['5xx', 'HTTP'],
    ['1-2-3', 'gRPC'],
    ['600', 'HTTP'],
    ['17', 'gRPC'],
    ['599-500', 'HTTP'],
  ] as const)('refuses %p for %s and names it', (text, kind) => {
    expect(() => parseCodeRanges(text, kind)).toThrow(`invalid pattern ${text}`);
  });
});

describe('matchesCode', () => {
  const matching = { http: parseCodeRanges('500-503', 'HTTP'), grpc: parseCodeRanges('14', 'gRPC') };

  it.each([
    [500, true],
    [504, false],
    [14, true],
    [13, false],
  ])('answers for %d: %p', (code, expected) => {
    expect(matchesCode(matching, code)).toBe(expected);
  });
});
