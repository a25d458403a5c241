import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { createAppInputs } from '../bindings/app-inputs.ts';
import type { BoundBinding } from '../blocks/bindings/kind.ts';
import type { RuntimeConfig } from '../config.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import { bindingMetrics } from '../telemetry/binding-metrics.ts';
import type { App } from './app-channel.ts';
import type { Metrics } from './metrics.ts';

export type BindingsStart = {
  config: RuntimeConfig;
  registry: Registry;
  policies: Policies;
  metrics: Metrics | undefined;
  app: App;
  log: Logger;
  stack: AsyncDisposableStack;
};

export type Bindings = {
  start(): Promise<void>;
  /** Follows components that were added, replaced or are gone. */
  follow(): Promise<void>;
  /** Resolves when nothing that came from a binding is under way any more, or after 30 s. */
  leave(binding: BoundBinding): Promise<void>;
  stop(): Promise<void>;
};

const drainMs = 30_000;

/** Makes ready to read from input bindings, while the app is well. */
export function startBindings(start: BindingsStart): Bindings {
  const { config, registry, policies, metrics, app, stack } = start;
  const log = start.log.scoped('dapr.runtime.processor.binding');
  const inputs = createAppInputs({
    ...{ registry, policies, app, log },
    appToken: config.app.token || undefined,
    count: metrics && bindingMetrics(metrics.registry, metrics.app, metrics.buckets),
    clock: systemClock,
    askMs: config.appBindingOptionsTimeoutMs,
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= inputs.stop(drainMs);
    return stopping;
  };
  stack.defer(stop);
  const begin = async () => {
    if (stopping === undefined) await inputs.update();
  };
  let started = false;
  return {
    stop,
    async follow() {
      if (!started || stopping !== undefined) return;
      if (app.health === undefined || app.health.isHealthy()) await inputs.update();
    },
    leave: (binding) => inputs.leave(binding, drainMs),
    async start() {
      started = true;
      app.health?.onChange((healthy) => void (healthy ? begin() : inputs.stop(drainMs)));
      if (app.health === undefined || app.health.isHealthy()) await begin();
    },
  };
}
