import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '#kit/testing/test.ts';
import { locked } from './lock.ts';

describe('what is done under a lock', () => {
  const path = `/lock/${randomUUID()}`;

  it('is done by one at a time, by the next also where one fails', async () => {
    const told: string[] = [];
    const work = (name: string) =>
      locked(path, async () => {
        told.push(`${name} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`${name} ends`);
        if (name === 'first') throw new Error('no');
      });
    const [first, second] = [work('first'), work('second')];
    await expect(first).rejects.toThrow('no');
    await second;
    expect(told).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('is apart from what is done under another', async () => {
    expect(await locked(path, () => locked(`${path}-other`, async () => 'both'))).toBe('both');
  });
});
