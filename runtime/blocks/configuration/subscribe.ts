import type { ConfigurationItems } from '#contracts/configuration.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { itemMessages } from './items.ts';
import type { ConfigurationSubscriptions, Wish } from './subscriptions.ts';

/** Changes that may wait for a slow reader; later ones are joined, the newest value of a key winning. */
const mostWaiting = 1_000;

/** Streams the changes of configuration items; the first message has the id of the subscription alone. */
export const subscribeConfiguration = (subscriptions: ConfigurationSubscriptions) =>
  defineOperation({
    method: Dapr.method.subscribeConfiguration,
    alsoAs: [Dapr.method.subscribeConfigurationAlpha1],
    api: 'configuration.v1',
    handle: ({ storeName, keys, metadata }, { signal }) =>
      changes({ storeName, keys: [...keys].sort(), metadata }, subscriptions, signal),
  });

async function* changes(wish: Wish, subscriptions: ConfigurationSubscriptions, signal: AbortSignal) {
  const waiting: Record<string, ConfigurationItems[string]>[] = [];
  let wake = Promise.withResolvers<void>();
  const { id, ended } = await subscriptions.open(wish, async (items) => {
    const last = waiting.at(-1);
    if (last === undefined || waiting.length < mostWaiting) waiting.push({ ...items });
    else Object.assign(last, items);
    wake.resolve();
  });
  const over = AbortSignal.any([signal, ended]);
  over.addEventListener('abort', () => wake.resolve(), { once: true });
  try {
    yield { id };
    while (!over.aborted) {
      for (const items of waiting.splice(0)) yield { id, items: itemMessages(items) };
      await wake.promise;
      wake = Promise.withResolvers();
    }
  } finally {
    subscriptions.end(id);
  }
}
