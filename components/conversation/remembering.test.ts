import { describe, expect, it } from '#kit/testing/test.ts';
import { remembering } from './remembering.ts';

describe('remembering', () => {
  it('gives an answer again for as long as it is told', async () => {
    let now = 0;
    let count = 0;
    const ask = remembering(
      async () => ({ choices: [], model: String(++count) }),
      1_000,
      () => now,
    );
    const models = async (text: string) =>
      (await ask({ messages: [{ role: 'user', content: [text] }] }, undefined)).model;
    expect([await models('a'), await models('a'), await models('b')]).toEqual(['1', '1', '2']);
    now = 1_000;
    expect(await models('a')).toBe('3');
  });
});
