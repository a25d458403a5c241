import { describe, expect, it } from '#kit/testing/test.ts';
import { createTally } from './tally.ts';

describe('a tally', () => {
  it('tells what arrived from what came again', async () => {
    const tally = createTally(3);
    const two = tally.reached(2);
    for (const id of [2, 2, 0]) tally.add(id);
    await two;
    expect([tally.arrived, tally.duplicates]).toEqual([2, 1]);
  });
});
