import { createPublisher, type Publisher } from '../blocks/pubsub/publisher.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import { pubsubMetrics } from '../telemetry/pubsub-metrics.ts';
import type { App } from './app-channel.ts';
import { type Bindings, startBindings } from './bindings.ts';
import { type ConfigurationStarted, startConfiguration } from './configuration.ts';
import type { Foundation } from './foundation.ts';
import { type Subscriptions, startSubscriptions } from './subscriptions.ts';

export type InputsStart = { base: Foundation; policies: Policies; registry: Registry; app: App };

/** What comes to the app unasked: messages, events of bindings, changed configuration items. */
export type Inputs = {
  publisher: Publisher;
  subscriptions: Subscriptions;
  bindings: Bindings;
  items: ConfigurationStarted;
  /** Lets messages and events in, once the app is there to take them. */
  begin(): Promise<void>;
  /** Lets no more in; resolves when those under way are done. */
  stop(): Promise<void>;
};

/** Prepares all inputs; none comes in before `begin`. */
export async function startInputs({ base, policies, registry, app }: InputsStart): Promise<Inputs> {
  const { config, resources, metrics, log, stack } = base;
  const common = { registry, policies, app, log, stack };
  const messages = metrics && pubsubMetrics(metrics.registry, metrics.app, metrics.buckets);
  const publisher = createPublisher(registry, config.appId, messages);
  const subscriptions = await startSubscriptions({
    ...{ config, source: resources.source, publisher, metrics: messages, ...common },
  });
  const items = startConfiguration(common);
  const bindings = startBindings({ config, metrics, ...common });
  return {
    ...{ publisher, subscriptions, bindings, items },
    async begin() {
      await Promise.all([subscriptions.start(), bindings.start()]);
    },
    async stop() {
      await Promise.all([subscriptions.stop(), bindings.stop()]);
    },
  };
}
