import { describe, expect, it } from '#kit/testing/test.ts';
import { isTruthy } from './truthy.ts';

describe('isTruthy', () => {
  it.each(['y', 'YES', 'True', 't', 'on', '1', ' true '])('takes %p for true', (text) => {
    expect(isTruthy(text)).toBe(true);
  });

  it.each([undefined, '', 'no', '0', 'enabled', 'off'])('takes %p for false', (text) => {
    expect(isTruthy(text)).toBe(false);
  });
});
