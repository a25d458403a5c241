import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Publisher } from '../blocks/pubsub/publisher.ts';
import { stateKind } from '../blocks/state/kind.ts';
import type { Outbox } from '../blocks/state/outbox.ts';
import { internalTopic } from '../blocks/state/outbox-settings.ts';
import type { Registry } from '../registry.ts';
import { keepSubscriptions } from '../subscriptions/kept.ts';
import { compileRules } from '../subscriptions/route.ts';
import type { Subscriber } from '../subscriptions/subscriber.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import { announce } from './announce.ts';
import { type OutboxStore, releasePostman } from './release.ts';

export type OutboxOptions = {
  appId: string;
  namespace: string;
  registry: Registry;
  publisher: Publisher;
  subscriber: Pick<Subscriber, 'keepOpen'>;
  clock: Clock;
  log: Logger;
};

/** The outbox with its reading side. */
export type RunningOutbox = Outbox & {
  /** Reads the internal topics of the stores as they are now. */
  update(): Promise<void>;
};

/** Reads nothing before the first `update`. */
export function createOutbox(options: OutboxOptions): RunningOutbox {
  const { appId, namespace, registry, publisher, subscriber, clock, log } = options;
  const stores = (): OutboxStore[] =>
    [...registry.of(stateKind).values()].flatMap(({ component: bound }) =>
      bound.outbox ? [{ bound, settings: bound.outbox }] : [],
    );
  const topicOf = ({ settings }: OutboxStore) => internalTopic({ namespace, appId }, settings);
  const kept = keepSubscriptions({ registry, subscriber, clock });
  const postman = releasePostman({
    storesOf: (pubsubName, topic) =>
      stores().filter((one) => one.settings.pubsub === pubsubName && topicOf(one) === topic),
    ...{ registry, publisher, clock, log },
  });
  return {
    announce: async (bound, transaction) =>
      bound.outbox === undefined
        ? transaction.operations
        : await announce(bound.outbox, transaction, { appId, namespace, registry, publisher, now: clock.now }),
    async update() {
      const rules = await compileRules([], '/');
      const wanted = stores().map(
        (one): Subscription => ({
          ...{ pubsubName: one.settings.pubsub, topic: topicOf(one), metadata: {}, deadLetterTopic: '' },
          ...{ rules, bulk: undefined, origin: 'DECLARATIVE' },
        }),
      );
      for (const { pubsubName } of wanted) {
        if (registry.of(pubsubKind).has(pubsubName)) continue;
        log.warn(`could not subscribe to internal outbox topic: outbox pubsub ${pubsubName} not loaded`);
      }
      await kept.update(wanted, postman);
    },
  };
}
