import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { cleanPath, decodeParam } from './path.ts';
import { createRouter } from './router.ts';

describe('the router', () => {
  const router = createRouter<string>();
  router.add('GET', '/v1.0/state/{store}/{key}', 'get');
  router.add('POST', '/v1.0/state/{store}/bulk', 'bulk');
  router.add('POST', '/v1.0/state/{store}', 'save');
  router.add('POST', '/v1.0/publish/{pubsub}/{topic*}', 'publish');

  it('finds a route by verb and path and decodes its parameters', () => {
    expect(router.find('GET', '/v1.0/state/s%20t/a%2Fb+c')).toEqual({
      value: 'get',
      params: { store: 's t', key: 'a/b c' },
    });
    expect(router.find('POST', '/v1.0/state/s')?.value).toBe('save');
  });

  it('takes a fixed segment before a parameter, by verb', () => {
    expect(router.find('POST', '/v1.0/state/s/bulk')?.value).toBe('bulk');
    expect(router.find('GET', '/v1.0/state/s/bulk')).toEqual({ value: 'get', params: { store: 's', key: 'bulk' } });
  });

  it('gives the rest of the path to a starred parameter', () => {
    expect(router.find('POST', '/v1.0/publish/p/a/b')?.params).toEqual({ pubsub: 'p', topic: 'a/b' });
  });

  it('finds nothing for other paths and verbs', () => {
    for (const [verb, path] of [
      ['GET', '/v1.0/state/s'],
      ['POST', '/v1.0/state/s/k'],
      ['GET', '/'],
      ['PATCH', '/v1.0/state/s/k'],
    ] as const)
      expect(router.find(verb, path)).toBeUndefined();
  });

  it('refuses the same route twice', () => {
    expect(() => router.add('GET', '/v1.0/state/{a}/{b}', 'again')).toThrow('two routes for GET /v1.0/state/{a}/{b}');
  });
});

describe('cleanPath', () => {
  it.each([
    ['/v1.0/state/s', '/v1.0/state/s'],
    ['//v1.0////state//s/', '/v1.0/state/s'],
    ['/a/../b/./c', '/b/c'],
    ['/../..', '/'],
    ['/a%2F..%2Fb', '/a%2F..%2Fb'],
    ['/', '/'],
  ])('%s becomes %s', (path, clean) => expect(cleanPath(path)).toBe(clean));

  it('is the same when done twice, whatever it is given', () => {
    fc.assert(fc.property(fc.string(), (path) => cleanPath(cleanPath(path)) === cleanPath(path)));
  });
});

describe('decodeParam', () => {
  it('gives back every key that was encoded', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (key) => decodeParam(encodeURIComponent(key)) === key));
  });

  it('is undefined for a broken escape', () => {
    expect(decodeParam('%zz')).toBeUndefined();
  });
});
