import { z } from 'zod';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { defineComponent, openComponent } from './component.ts';

/** A component that counts how often it was closed, opened under that signal. */
async function opened(signal: AbortSignal) {
  let closed = 0;
  const component = defineComponent({
    type: 'state.counted',
    versions: ['v1'],
    title: 'Counted',
    description: 'Counts how often it is closed.',
    settings: z.object({}),
    open: async () => ({
      closed: () => closed,
      async [Symbol.asyncDispose]() {
        closed++;
      },
    }),
  });
  return await openComponent(component, {}, { name: 'counted', log: silentLogger, signal, env: {} });
}

describe('a component that was opened', () => {
  it('is closed once, by its signal and its owner', async () => {
    const stop = new AbortController();
    const object = await opened(stop.signal);
    expect(object.closed()).toBe(0);
    stop.abort();
    expect(object.closed()).toBe(1);
    await object[Symbol.asyncDispose]();
    expect(object.closed()).toBe(1);
  });

  it('is closed once, by its owner before its signal', async () => {
    const stop = new AbortController();
    const object = await opened(stop.signal);
    await object[Symbol.asyncDispose]();
    stop.abort();
    expect(object.closed()).toBe(1);
  });

  it('is closed where it opened after its signal', async () => {
    expect((await opened(AbortSignal.abort())).closed()).toBe(1);
  });
});
