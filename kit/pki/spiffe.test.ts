import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { formatSpiffeId, parseSpiffeId } from './spiffe.ts';

const segment = fc.stringMatching(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,30}$/);

describe('SPIFFE IDs', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._-]{1,40}$/), segment, segment, (trustDomain, namespace, appId) => {
        const id = { trustDomain, namespace, appId };
        expect(parseSpiffeId(formatSpiffeId(id))).toEqual(id);
      }),
    );
  });

  it.each([
    'spiffe://public/ns/default',
    'spiffe://public/ns/default/app/',
    'spiffe://public/ns/default/app/more',
    'spiffe://public/ns/../app',
    'spiffe://public/ns/default/a%2fb',
    'spiffe://public/ns/default/app?x=1',
    'spiffe://public/ns/default/app#x',
    'spiffe://user@public/ns/default/app',
    'spiffe://public:80/ns/default/app',
    'spiffe://Public/ns/default/app',
    'SPIFFE://public/ns/default/app',
    'https://public/ns/default/app',
    'spiffe:///ns/default/app',
    `spiffe://public/ns/default/${'a'.repeat(2050)}`,
  ])('refuses %s', (uri) => {
    expect(() => parseSpiffeId(uri)).toThrow('not an identity of the form');
  });

  it('names the part that may not stand in one', () => {
    expect(() => formatSpiffeId({ trustDomain: 'a b', namespace: 'n', appId: 'a' })).toThrow('trust domain "a b"');
    expect(() => formatSpiffeId({ trustDomain: 'a', namespace: '..', appId: 'a' })).toThrow('namespace ".."');
    expect(() => formatSpiffeId({ trustDomain: 'a', namespace: 'n', appId: 'x/y' })).toThrow('app ID "x/y"');
  });
});
