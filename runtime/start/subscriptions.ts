import type { Subscription as Manifest } from '#crds/subscription.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { PubsubSubscriptionType } from '#proto/dapr/proto/runtime/v1/metadata_pb.js';
import type { MetadataPart } from '../blocks/metadata/facts.ts';
import type { BoundPubSub } from '../blocks/pubsub/kind.ts';
import type { Publisher } from '../blocks/pubsub/publisher.ts';
import type { StreamSubscriber } from '../blocks/pubsub/subscribe.ts';
import type { Outbox } from '../blocks/state/outbox.ts';
import type { RuntimeConfig } from '../config.ts';
import { createOutbox } from '../outbox/outbox.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import type { ResourceSource } from '../resources/source.ts';
import { createAppSubscriptions } from '../subscriptions/app-subscriptions.ts';
import { declaredSubscriptions, readSubscriptions } from '../subscriptions/declared.ts';
import { createStreamSubscriptions } from '../subscriptions/stream.ts';
import { createSubscriber } from '../subscriptions/subscriber.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { PubsubMetrics } from '../telemetry/pubsub-metrics.ts';
import type { App } from './app-channel.ts';

export type SubscriptionsStart = {
  config: RuntimeConfig;
  source: ResourceSource;
  registry: Registry;
  publisher: Publisher;
  policies: Policies;
  metrics: PubsubMetrics | undefined;
  app: App;
  log: Logger;
  stack: AsyncDisposableStack;
};

export type Subscriptions = {
  streams: StreamSubscriber;
  outbox: Outbox;
  facts: MetadataPart;
  /** Takes messages from now on, while the app is well. */
  start(): Promise<void>;
  /** Follows components that came, were replaced or are gone; `changed` are pub/sub components, by name. */
  follow(changed: ReadonlySet<string>): Promise<void>;
  /** Resolves when nothing that came from a component is under way any more, or after 30 s. */
  leave(component: BoundPubSub): Promise<void>;
  /** Takes other manifests in place of those there are. */
  replace(manifests: readonly Manifest[]): Promise<void>;
  /** Takes no more, and waits for those under way, at most 30 s. */
  stop(): Promise<void>;
};

const drainMs = 30_000;

/** Reads the Subscription resources and makes ready for those of the app. */
export async function startSubscriptions(start: SubscriptionsStart): Promise<Subscriptions> {
  const { config, source, registry, publisher, policies, metrics, app, stack } = start;
  const log = start.log.scoped('dapr.runtime.processor.subscription');
  let declared = await declaredSubscriptions(source, config.appId, log);
  const subscriber = createSubscriber({ registry, publisher, policies, metrics, clock: systemClock, log });
  const streams = createStreamSubscriptions(subscriber);
  const ofApp = createAppSubscriptions({
    ...{ appId: config.appId, registry, subscriber, app, policies, log },
    declared: () => declared,
    appToken: config.app.token || undefined,
    skipProgrammatic: config.skipAppSubscriptions,
    clock: systemClock,
  });
  const outbox = createOutbox({
    ...{ appId: config.appId, namespace: config.namespace, registry, publisher, subscriber, log },
    clock: systemClock,
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= subscriber.closeAll(drainMs).then(async () => {
      ofApp.stop();
      await streams.closeAll(0);
    });
    return stopping;
  };
  stack.defer(stop);
  const begin = async () => {
    if (stopping !== undefined) return;
    try {
      await ofApp.start();
    } catch (thrown) {
      log.error(`error starting subscriptions of the app: ${(thrown as Error).message}`);
      ofApp.stop();
    }
  };
  let started = false;
  const update = async () => {
    if (!started || stopping !== undefined) return;
    await outbox.update();
    if (app.health === undefined || app.health.isHealthy()) await ofApp.update();
  };
  return {
    async follow(changed) {
      if (changed.size > 0) void streams.closeAll(drainMs, changed);
      await update();
    },
    leave: (component) => subscriber.leave(component, drainMs),
    async replace(manifests) {
      const next = changed(declared, await readSubscriptions(manifests, config.appId, log));
      if (next === undefined) return;
      declared = next;
      await update();
    },
    streams,
    outbox,
    facts: () => ({ subscriptions: [...ofApp.all(), ...streams.all()].map(factOf) }),
    async start() {
      started = true;
      await outbox.update();
      app.health?.onChange((healthy) => (healthy ? void begin() : ofApp.stop()));
      if (app.health === undefined || app.health.isHealthy()) await begin();
    },
    stop,
  };
}

/** The list in place of a former one, whose own objects stay where they say the same; undefined where all do. */
function changed(former: readonly Subscription[], next: readonly Subscription[]): Subscription[] | undefined {
  const known = new Set(former.map((one) => JSON.stringify(one)));
  const wanted = new Set(next.map((one) => JSON.stringify(one)));
  const kept = former.filter((one) => wanted.has(JSON.stringify(one)));
  const added = next.filter((one) => !known.has(JSON.stringify(one)));
  return added.length === 0 && kept.length === former.length ? undefined : [...kept, ...added];
}

const factOf = ({ pubsubName, topic, metadata, deadLetterTopic, rules, origin }: Subscription) => ({
  pubsubName,
  topic,
  metadata: { ...metadata },
  deadLetterTopic,
  rules: { rules: rules.map(({ match, path }) => ({ match, path })) },
  type: PubsubSubscriptionType[origin],
});
