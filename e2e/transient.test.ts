import { describe, expect, it } from '#kit/testing/test.ts';
import { despiteBadDays } from './transient.ts';

describe('what comes from the network', () => {
  const failing = (message: string) => {
    let times = 0;
    return {
      times: () => times,
      bring: async () => {
        times += 1;
        throw new Error(message);
      },
    };
  };
  const now = async () => {};

  it('is asked for again where the network failed, four times in all', async () => {
    const one = failing('dial tcp 10.0.0.1:443: connect: connection refused');
    await expect(despiteBadDays(one.bring, now)).rejects.toThrow('connection refused');
    expect(one.times()).toBe(4);
  });

  it('is asked for once where something else is wrong', async () => {
    const one = failing('./main.go:7:2: undefined: x');
    await expect(despiteBadDays(one.bring, now)).rejects.toThrow('undefined: x');
    expect(one.times()).toBe(1);
  });
});
