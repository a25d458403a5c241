import fc from 'fast-check';
import { Fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { checkBaggage } from './baggage.ts';

describe('checkBaggage', () => {
  it.each(['key1=value1,key2=value2', 'a=%20b', 'a=1;p;q=2, b=2', 'a='])('takes %p', (header) => {
    expect(() => checkBaggage(header)).not.toThrow();
  });

  it.each(['invalid-baggage', '', '=v', 'a b=c', 'a="x"', 'a=1,', 'a=1;=2', `a=${'x'.repeat(9_000)}`])(
    'refuses %p',
    (header) => {
      expect(() => checkBaggage(header)).toThrow('invalid baggage header: ');
    },
  );

  it('throws nothing but faults', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        try {
          checkBaggage(header);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});
