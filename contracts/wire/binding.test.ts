import { expect } from '#kit/testing/test.ts';
import type { Binding, BindingEvent, EventHandler } from '../binding.ts';
import { bindingConformance } from '../conformance/binding.ts';

/** A binding which reads what was written to it, and sends it until the app is content. */
function echo(): Binding {
  const handlers = new Set<EventHandler>();
  const send = async (event: BindingEvent, signal: AbortSignal) => {
    for (const handler of handlers) {
      for (let tries = 0; tries < 5; tries++) {
        const failed = await handler(event, signal).then(
          () => false,
          () => true,
        );
        if (!failed) break;
      }
    }
  };
  return {
    operations: ['create'],
    async read(handler, signal) {
      handlers.add(handler);
      signal.addEventListener('abort', () => handlers.delete(handler), { once: true });
    },
    async invoke({ data, operation }, signal = new AbortController().signal) {
      if (operation !== 'create') throw new Error(`operation ${operation} is unknown: use create`);
      void send({ data }, signal);
      return { data, metadata: { written: 'yes' }, contentType: 'text/plain' };
    },
    async [Symbol.asyncDispose]() {},
  };
}

bindingConformance('an echo', async () => echo(), {
  cause: async (binding, body) => void (await binding.invoke!({ operation: 'create', data: body })),
  invoke: {
    operation: 'create',
    data: new TextEncoder().encode('x'),
    answers: expect.objectContaining({ metadata: { written: 'yes' }, contentType: 'text/plain' }),
  },
});
