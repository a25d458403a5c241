import { describe, expect, it } from '#kit/testing/test.ts';
import { quietAfterWork } from './quiet.ts';

describe('quietAfterWork', () => {
  it('tells of quiet once after the start and once after each spell of work', () => {
    const check = quietAfterWork();
    const shares = [0.5, 0.02, 0.001, 0.001, 0.02, 0.001, 0.2, 0.005, 0];
    expect(shares.map(check)).toEqual([false, false, true, false, false, false, false, true, false]);
  });
});
