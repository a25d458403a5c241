import { describe, expect, it } from '#kit/testing/test.ts';
import { metadataItem, timeToLive } from './metadata.ts';

describe('an item of metadata', () => {
  it('is found by any of its names, in any case of letters', () => {
    expect(metadataItem({ RoutingKey: 'a' }, 'routingKey')).toBe('a');
    expect(metadataItem({ ttlInSeconds: '5' }, 'ttl', 'ttlInSeconds')).toBe('5');
    expect(metadataItem({}, 'ttl')).toBeUndefined();
    expect(metadataItem(undefined, 'ttl')).toBeUndefined();
  });
});

describe('the time to live', () => {
  it('is a number of seconds or a duration', () => {
    expect(timeToLive({ ttlInSeconds: '5' })).toBe(5_000);
    expect(timeToLive({ TTL: '1m' })).toBe(60_000);
    expect(timeToLive({ ttl: '' })).toBeUndefined();
  });

  it('is over at once where the duration is nought or less', () => {
    expect([timeToLive({ ttl: '0' }), timeToLive({ ttl: '-1s' })]).toEqual([0, 0]);
  });

  it('must be a positive number or a duration', () => {
    for (const text of ['-5', 'soon', '00']) {
      expect(() => timeToLive({ ttlInSeconds: text })).toThrow(`ttlInSeconds is "${text}"`);
    }
  });
});
