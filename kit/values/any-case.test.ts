import { describe, expect, it } from '#kit/testing/test.ts';
import { anyCase } from './any-case.ts';

describe('anyCase', () => {
  const read = anyCase('pubsubname', 'entryId');

  it('gives names their own spelling, and leaves those alone that it does not know', () => {
    expect(read({ pubsubName: 'a', ENTRYID: 1, Other: 2 })).toEqual({ pubsubname: 'a', entryId: 1, Other: 2 });
  });

  it('takes the last of those that mean the same', () => {
    expect(read({ pubsubname: 'a', PubsubName: 'b' } as object)).toEqual({ pubsubname: 'b' });
  });

  it('answers the object itself where nothing is to do', () => {
    const fields = { entryId: '1' };
    expect(read(fields)).toBe(fields);
  });

  it('lets no name reach a prototype', () => {
    const odd = read(JSON.parse('{"__proto__":{"x":1},"EntryId":"1"}') as { x?: number });
    expect([odd.x, Object.hasOwn(odd, '__proto__')]).toEqual([undefined, true]);
  });
});
