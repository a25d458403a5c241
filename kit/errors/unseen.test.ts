import { describe, expect, it } from '#kit/testing/test.ts';
import { fault } from './fault.ts';
import { isUnseen, unseen } from './unseen.ts';

describe('an error of a call that nobody has looked at', () => {
  it('says so, and those that it causes', () => {
    const refused = unseen(new Error('ECONNREFUSED'));
    expect(isUnseen(refused)).toBe(true);
    expect(
      isUnseen(fault('unavailable', 'the call failed', { cause: new Error('it failed', { cause: refused }) })),
    ).toBe(true);
  });

  it('is told from one where that is not known', () => {
    expect(isUnseen(new Error('ECONNRESET', { cause: new Error('reset') }))).toBe(false);
    expect(isUnseen('ECONNREFUSED')).toBe(false);
    expect(isUnseen(undefined)).toBe(false);
  });
});
