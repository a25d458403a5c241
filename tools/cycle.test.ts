import { describe, expect, it } from '#kit/testing/test.ts';
import { findCycle } from './cycle.ts';

describe('findCycle', () => {
  it('finds none in a tree with shared leaves', () => {
    expect(
      findCycle(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
          ['d', []],
        ]),
      ),
    ).toBeUndefined();
  });

  it('names the files of a cycle in order', () => {
    expect(
      findCycle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b']);
  });
});
