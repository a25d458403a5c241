import { describe, expect, it } from '#kit/testing/test.ts';
import { hostsOf } from './redis-settings.ts';

describe('hostsOf', () => {
  it.each([
    ['localhost', undefined, [{ host: 'localhost', port: 6379 }]],
    ['redis', 7000, [{ host: 'redis', port: 7000 }]],
    [
      'a:1, [::1]:2,c',
      undefined,
      [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
        { host: 'c', port: 6379 },
      ],
    ],
    ['a:1', 1, [{ host: 'a', port: 1 }]],
  ])('reads %s with port %s', (redisHost, redisPort, hosts) => {
    expect(hostsOf({ redisHost, redisPort })).toEqual(hosts);
  });

  it('refuses ports that contradict each other, and what is no host', () => {
    expect(() => hostsOf({ redisHost: 'a:1', redisPort: 2 })).toThrow('redisPort is 2, but redisHost says a:1');
    expect(() => hostsOf({ redisHost: 'a:b' })).toThrow('"a:b" is not host:port');
  });
});
