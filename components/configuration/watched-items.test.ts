import type { ConfigurationItems } from '#contracts/configuration.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { watchedItems } from './watched-items.ts';

const item = (value: string, version = '1') => ({ value, version });

describe('watched items', () => {
  it('tell what was heard as it is, and after a loss only what is other than was told', async () => {
    const told: ConfigurationItems[] = [];
    let store: ConfigurationItems = { a: item('1'), b: item('1'), c: item('1') };
    const watched = watchedItems(
      async () => store,
      (items) => told.push(items),
    );
    await watched.begin();
    watched.heard({ a: item('2') });
    watched.heard({ c: item('', '') });
    store = { a: item('2'), d: item('1') };
    await watched.catchUp();
    await watched.catchUp();
    expect(told).toEqual([{ a: item('2') }, { c: item('', '') }, { d: item('1'), b: item('', '') }]);
  });
});
