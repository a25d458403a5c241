import type { Clock } from '#kit/lifecycle/clock.ts';
import { type BoundPubSub, pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Registry } from '../registry.ts';
import type { Postman } from './postman.ts';
import type { Subscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

export type KeptSubscriptionsOptions = {
  registry: Registry;
  subscriber: Pick<Subscriber, 'keepOpen'>;
  clock: Clock;
};

/** Subscriptions that are kept open, in step with a list and with the components they are on. */
export type KeptSubscriptions = {
  /**
   * Those that are not in the list, or whose component is another one now, take no more at once and end when what is
   * under way is done; new ones whose component is there are opened; the others are left alone.
   */
  update(wanted: readonly Subscription[], postman: Postman): Promise<void>;
  endAll(): void;
};

type Kept = { component: BoundPubSub; end: AbortController };

/** How long an update waits for a subscription; one that takes longer goes on in the background. */
const firstTryMs = 2_000;

/** Opens nothing before the first `update`. */
export function keepSubscriptions({ registry, subscriber, clock }: KeptSubscriptionsOptions): KeptSubscriptions {
  const components = registry.of(pubsubKind);
  const kept = new Map<string, Kept>();
  const endGone = (next: ReadonlyMap<string, Subscription>): void => {
    for (const [key, { component, end }] of kept) {
      if (components.get(next.get(key)?.pubsubName ?? '')?.component === component) continue;
      kept.delete(key);
      end.abort();
    }
  };
  const keep = async (one: Subscription, key: string, postman: Postman): Promise<void> => {
    const end = new AbortController();
    kept.set(key, { component: components.get(one.pubsubName)!.component, end });
    await Promise.race([subscriber.keepOpen(one, postman, end.signal), clock.pause(firstTryMs, end.signal)]);
  };
  return {
    async update(wanted, postman) {
      const open = wanted.filter(({ pubsubName }) => components.has(pubsubName));
      const next = new Map(open.map((one) => [JSON.stringify(one), one]));
      endGone(next);
      const fresh = [...next].filter(([key]) => !kept.has(key));
      await Promise.all(fresh.map(([key, one]) => keep(one, key, postman)));
    },
    endAll: () => endGone(new Map()),
  };
}
