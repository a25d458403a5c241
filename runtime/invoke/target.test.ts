import { describe, expect, it } from '#kit/testing/test.ts';
import { findTarget, splitAppId } from './target.ts';

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('findTarget', () => {
  it.each([
    ['/v1.0/invoke/shop/method/pay/now', { id: 'shop', method: 'pay/now' }],
    ['//v1.0////invoke/shop/method//pay', { id: 'shop', method: 'pay' }],
    ['/v1.0/invoke/shop/method/', { id: 'shop', method: '' }],
    ['/v1.0/invoke/shop.prod/method/a/method/b', { id: 'shop.prod', method: 'a/method/b' }],
    ['/v1.0/invoke/http://host:80/method/hello', { id: 'http://host:80', method: 'hello' }],
    ['/v1.0/invoke/http:/host:80/method/hello', { id: 'http://host:80', method: 'hello' }],
    ['/v1.0/invoke/https%3A%2F%2Fhost/method/x', { id: 'https://host', method: 'x' }],
  ])('reads %p', (path, target) => {
    expect(findTarget(path, {})).toEqual(target);
  });

  it('takes the app from a header or a Basic user, and the path for the method', () => {
    expect(findTarget('///pay', { 'dapr-app-id': 'shop' })).toEqual({ id: 'shop', method: 'pay' });
    expect(findTarget('/pay', basic('dapr-app-id:shop'))).toEqual({ id: 'shop', method: 'pay' });
  });

  it.each(['/v1.0/invoke/shop', '/v1.0/invoke/shop/method', '/v1.0/invoke/', '/pay', '/v1.0/state/invoke/method/x'])(
    'finds nobody in %p',
    (path) => {
      expect(findTarget(path, {})).toBeUndefined();
    },
  );

  it('leaves other users of Basic authorization alone', () => {
    expect(findTarget('/pay', basic('alice:secret'))).toBeUndefined();
  });
});

describe('splitAppId', () => {
  it('takes the own namespace unless another is named', () => {
    expect(splitAppId('shop', 'default')).toEqual({ appId: 'shop', namespace: 'default' });
    expect(splitAppId('shop.prod', 'default')).toEqual({ appId: 'shop', namespace: 'prod' });
  });

  it('refuses what is no app ID', () => {
    expect(() => splitAppId('', 'd')).toThrow('app id is empty');
    expect(() => splitAppId('a.b.c', 'd')).toThrow('invalid app id a.b.c');
  });
});
