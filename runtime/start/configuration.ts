import type { Logger } from '#kit/log/logger.ts';
import { subscriptionPages } from '../blocks/configuration/app-callback.ts';
import {
  type ConfigurationSubscriptions,
  createConfigurationSubscriptions,
} from '../blocks/configuration/subscriptions.ts';
import type { Page } from '../doors/http/page.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import type { App } from './app-channel.ts';

export type ConfigurationStart = {
  registry: Registry;
  policies: Policies;
  app: App;
  log: Logger;
  stack: AsyncDisposableStack;
};

export type ConfigurationStarted = {
  subscriptions: ConfigurationSubscriptions;
  /** What apps call over HTTP to subscribe and to end it. */
  pages: readonly Page[];
};

/** Makes ready for subscriptions to configuration items, which end with the sidecar. */
export function startConfiguration({
  registry,
  policies,
  app,
  stack,
  ...start
}: ConfigurationStart): ConfigurationStarted {
  const log = start.log.scoped('dapr.runtime.configuration');
  const subscriptions = createConfigurationSubscriptions(registry, log);
  stack.defer(() => subscriptions.endAll());
  return { subscriptions, pages: subscriptionPages({ subscriptions, policies, app, log }) };
}
