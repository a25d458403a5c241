import { describe, expect, it } from '#kit/testing/test.ts';
import { nearest } from './nearest.ts';

describe('nearest', () => {
  it('finds the word that was meant', () => {
    expect(nearest('redisHots', ['redisHost', 'redisPassword'])).toBe('redisHost');
  });

  it('finds nothing where nothing is near', () => {
    expect(nearest('banana', ['redisHost', 'redisPassword'])).toBeUndefined();
  });
});
