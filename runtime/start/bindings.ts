import type { Logger } from '#kit/log/logger.ts';
import { createAppInputs } from '../bindings/app-inputs.ts';
import type { RuntimeConfig } from '../config.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import type { App } from './app-channel.ts';

export type BindingsStart = {
  config: RuntimeConfig;
  registry: Registry;
  policies: Policies;
  app: App;
  log: Logger;
  stack: AsyncDisposableStack;
};

export type Bindings = {
  start(): Promise<void>;
  /** Reads anew, as components are not the same any more. */
  reopen(): Promise<void>;
  stop(): Promise<void>;
};

const drainMs = 30_000;
const reopenDrainMs = 2_000;

/** Makes ready to read from input bindings, while the app is well. */
export function startBindings(start: BindingsStart): Bindings {
  const { config, registry, policies, app, stack } = start;
  const log = start.log.scoped('dapr.runtime.processor.binding');
  const inputs = createAppInputs({
    ...{ registry, policies, app, log },
    appToken: config.app.token || undefined,
    askMs: config.appBindingOptionsTimeoutMs,
  });
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= inputs.stop(drainMs);
    return stopping;
  };
  stack.defer(stop);
  const begin = async () => {
    if (stopping === undefined) await inputs.start();
  };
  let started = false;
  return {
    stop,
    async reopen() {
      if (!started || stopping !== undefined) return;
      await inputs.stop(reopenDrainMs);
      if (app.health === undefined || app.health.isHealthy()) await begin();
    },
    async start() {
      started = true;
      app.health?.onChange((healthy) => void (healthy ? begin() : inputs.stop(drainMs)));
      if (app.health === undefined || app.health.isHealthy()) await begin();
    },
  };
}
