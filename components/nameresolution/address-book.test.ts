import { describe, expect, it } from '#kit/testing/test.ts';
import { createAddressBook } from './address-book.ts';

function book() {
  const clock = { ms: 0 };
  return { clock, book: createAddressBook(100, () => clock.ms) };
}

describe('an address book', () => {
  it('believes an address for a while after it was last heard', () => {
    const { book: it, clock } = book();
    it.heard('shop', 'a:1');
    clock.ms = 60;
    it.heard('shop', 'a:1');
    it.heard('shop', 'b:1');
    clock.ms = 120;
    expect(it.addresses('shop')).toEqual(['a:1', 'b:1']);
    clock.ms = 160;
    expect(it.addresses('shop')).toEqual([]);
    expect(it.apps()).toEqual([]);
  });

  it('never forgets what is pinned, unless told', () => {
    const { book: it, clock } = book();
    it.pin('shop', 'a:1');
    it.heard('shop', 'a:1');
    clock.ms = 1e9;
    expect(it.addresses('shop')).toEqual(['a:1']);
    it.forget('shop', 'a:1');
    expect(it.addresses('shop')).toEqual([]);
  });

  it('tells who waits for an app, until they stop', () => {
    const { book: it } = book();
    const heard: string[] = [];
    const stop = it.onHeard('shop', () => heard.push('shop'));
    it.heard('cart', 'a:1');
    it.heard('shop', 'a:1');
    stop();
    it.heard('shop', 'b:1');
    expect(heard).toEqual(['shop']);
  });
});
