import { describe, expect, it } from '#kit/testing/test.ts';
import { quietAfterWork } from './quiet.ts';

describe('quietAfterWork', () => {
  it('tells of quiet once after the start and once after each spell of work', () => {
    const check = quietAfterWork(1);
    const shares = [0.5, 0.001, 0.001, 0.02, 0.001, 0.2, 0.005, 0];
    const none = undefined;
    expect(shares.map((share) => check(share))).toEqual([none, 'quiet', none, none, none, none, 'quiet', none]);
  });

  it('tells of calm once, where little work goes on after much, and still of quiet', () => {
    const check = quietAfterWork(1);
    const shares = [0.9, 0.8, 0.1, 0.1, 0.09, 0.5, 0.1, 0.001];
    const none = undefined;
    expect(shares.map((share) => check(share))).toEqual([none, none, 'calm', none, none, none, 'calm', 'quiet']);
  });

  it('waits for the rest to last, but for the first', () => {
    const check = quietAfterWork(3);
    const shares = [0.001, 0.5, 0.1, 0.001, 0.4, 0.001, 0.05, 0.001, 0.001];
    const none = undefined;
    expect(shares.map((share) => check(share))).toEqual(['quiet', none, none, none, none, none, none, 'quiet', none]);
  });
});
