import { describe, expect, it } from '#kit/testing/test.ts';
import { detectOutliers } from './outliers.ts';

function detector() {
  const clock = { now: 0 };
  const outliers = detectOutliers({ failures: 2, pauseMs: 1_000, now: () => clock.now });
  const fail = (address: string, times: number) => {
    for (let i = 0; i < times; i++) outliers.failed(address);
  };
  return { clock, outliers, fail, among: () => outliers.among(['a', 'b']) };
}

describe('outlier ejection', () => {
  it('leaves an address out after failures in a row, and not before', () => {
    const { outliers, fail, among } = detector();
    fail('a', 1);
    outliers.succeeded('a');
    fail('a', 1);
    expect(among()).toEqual(['a', 'b']);
    fail('a', 1);
    expect(among()).toEqual(['b']);
  });

  it('tries it again after its time, and leaves it out for longer when it fails again', () => {
    const { clock, fail, among } = detector();
    fail('a', 2);
    clock.now = 1_000;
    expect(among()).toEqual(['a', 'b']);
    fail('a', 1);
    clock.now = 2_999;
    expect(among()).toEqual(['b']);
    clock.now = 3_000;
    expect(among()).toEqual(['a', 'b']);
  });

  it('forgets its failures once it answers', () => {
    const { clock, outliers, fail, among } = detector();
    fail('a', 2);
    clock.now = 1_000;
    outliers.succeeded('a');
    fail('a', 1);
    expect(among()).toEqual(['a', 'b']);
  });

  it('leaves nobody out where nobody would be left', () => {
    const { fail, among } = detector();
    fail('a', 2);
    fail('b', 2);
    expect(among()).toEqual(['a', 'b']);
  });
});
