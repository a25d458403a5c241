import fc from 'fast-check';
import { Fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { normalizeMethod } from './method-name.ts';

describe('normalizeMethod', () => {
  it.each([
    ['pay', 'pay'],
    ['admin/../public', 'public'],
    ['../../public', 'public'],
    ['a//b/', 'a/b'],
    ['./a', 'a'],
    ['..', ''],
    ['.', ''],
    ['', ''],
    ['/', '/'],
    ['/a/', '/a'],
    ['a%2F..%2Fb', 'a%2F..%2Fb'],
    ['a*"\\b', 'a*"\\b'],
  ])('makes %p %p', (method, expected) => {
    expect(normalizeMethod(method)).toBe(expected);
  });

  it.each(['a#b', 'a?b', 'a\u0000', 'a\rb', 'a\u007f'])('refuses %p', (method) => {
    expect(() => normalizeMethod(method)).toThrow('invalid method: method contains');
  });

  it('is the same when done twice, and never leaves the root', () => {
    const segment = fc.constantFrom('..', '.', '', 'a', 'b', '...', '..a');
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 8 }), (parts) => {
        const once = normalizeMethod(parts.join('/'));
        expect(normalizeMethod(once)).toBe(once);
        expect(once.split('/')).not.toContain('..');
      }),
    );
  });

  it('throws nothing but faults', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (method) => {
        try {
          normalizeMethod(method);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});
