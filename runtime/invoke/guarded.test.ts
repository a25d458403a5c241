import { fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { Policy, Runner } from '../policy/resiliency/run.ts';
import { callGuarded } from './guarded.ts';
import { noAnswer } from './message.ts';

const policy = { timeoutMs: 1_000 } as unknown as Policy;

/** An answer of an app that failed, whose body comes as it is read. */
function failing() {
  const seen = { given: 0, released: 0 };
  const answer = () => {
    seen.given += 1;
    const body: AsyncIterableIterator<Uint8Array> = {
      next: async () => ({ done: false, value: Buffer.from('x') }),
      return: async () => {
        seen.released += 1;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => body,
    };
    return Promise.resolve({ ...noAnswer, status: 500, body });
  };
  return { seen, answer };
}

describe('a guarded call', () => {
  it('gives the last answer of an app that keeps failing, and lets go of those before', async () => {
    const { seen, answer } = failing();
    const twice = (async (_policy, attempt) => {
      await attempt({} as never).catch(() => {});
      return attempt({} as never);
    }) as Runner;
    expect(await callGuarded(policy, twice, false, undefined, answer)).toMatchObject({ status: 500 });
    expect(seen).toEqual({ given: 2, released: 1 });
  });

  it('lets go of an answer where the policy ends the call otherwise', async () => {
    const { seen, answer } = failing();
    const opens = (async (_policy, attempt) => {
      await attempt({} as never).catch(() => {});
      throw fault('circuit-open', 'circuit breaker is open');
    }) as Runner;
    await expect(callGuarded(policy, opens, false, undefined, answer)).rejects.toThrow('circuit breaker is open');
    expect(seen).toEqual({ given: 1, released: 1 });
  });
});
