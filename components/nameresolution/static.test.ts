import { describe, expect, it } from '#kit/testing/test.ts';
import { createStaticNames } from './static.ts';

const query = (appId: string) => ({ appId, namespace: 'default', port: 1 });

describe('nameresolution.static', () => {
  const names = createStaticNames({ apps: ['shop=10.0.0.1:1', 'shop=10.0.0.2:2'] });

  it('answers every listed address of an app', async () => {
    expect(await names.resolve(query('shop'))).toEqual(['10.0.0.1:1', '10.0.0.2:2']);
  });

  it('falls back to the pattern', async () => {
    expect(await createStaticNames({ apps: [], format: '{appid}.mesh:9' }).resolve(query('cart'))).toEqual([
      'cart.mesh:9',
    ]);
  });

  it('says what it knows when an app is not listed', async () => {
    await expect(names.resolve(query('cart'))).rejects.toThrow(
      "couldn't find service: cart (nameresolution.static lists shop)",
    );
  });

  it('refuses an entry that is no address', () => {
    expect(() => createStaticNames({ apps: ['shop'] })).toThrow('"shop" is not app=host:port');
  });
});
