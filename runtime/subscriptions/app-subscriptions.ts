import type { Transport } from '#kit/grpc/transport.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import type { AppChannel } from '../channel/channel.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import { keepSubscriptions } from './kept.ts';
import { grpcPostman } from './postman-grpc.ts';
import { httpPostman } from './postman-http.ts';
import { askGrpcApp, askHttpApp } from './programmatic.ts';
import type { Subscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

export type AppSubscriptionsOptions = {
  appId: string;
  registry: Registry;
  subscriber: Subscriber;
  /** Those of manifests, as they are now. */
  declared(): readonly Subscription[];
  app: { channel(): AppChannel | undefined; grpc(): Pick<Transport, 'unary'> | undefined };
  appToken: string | undefined;
  /** The app is not asked for subscriptions of its own. */
  skipProgrammatic: boolean;
  policies: Pick<Policies, 'resolver' | 'run'>;
  clock: Clock;
  log: Logger;
};

/** What the app subscribes to, by manifests and by its own word. */
export type AppSubscriptions = {
  /** Opens them; the first time the app is asked for its own. */
  start(): Promise<void>;
  /** Brings what is open in step with manifests and components. */
  update(): Promise<void>;
  /** Closes them, to be started again when the app is well. */
  stop(): void;
  all(): readonly Subscription[];
};

/** Opens nothing before `start`. */
export function createAppSubscriptions(options: AppSubscriptionsOptions): AppSubscriptions {
  const { registry, subscriber, app, clock, log } = options;
  const kept = keepSubscriptions({ registry, subscriber, clock });
  let programmatic: readonly Subscription[] | undefined;
  let running: AbortController | undefined;
  const http = httpPostman(app.channel);
  const grpc = grpcPostman({ app: app.grpc, token: options.appToken, log });
  const all = () => joined(options.declared(), programmatic ?? []);
  const update = async (): Promise<void> => {
    if (running) await kept.update(all(), app.channel()?.protocol === 'grpc' ? grpc : http);
  };
  const start = async (): Promise<void> => {
    if (running || registry.of(pubsubKind).size === 0) return;
    const channel = app.channel();
    if (channel === undefined) {
      log.warn('app channel not initialized, make sure -app-port is specified if pubsub subscription is required');
      return;
    }
    running = new AbortController();
    programmatic ??= await ask(options, channel, running.signal);
    await update();
  };
  return {
    all,
    start,
    update: () => (running ? update() : start()),
    stop() {
      running?.abort();
      running = undefined;
      kept.endAll();
    },
  };
}

/**
 * One subscription to each topic of a component, as in Dapr: what the app says goes before manifests; of the app's own
 * the last counts, of manifests the first.
 */
function joined(declared: readonly Subscription[], programmatic: readonly Subscription[]): Subscription[] {
  const byTopic = new Map<string, Subscription>();
  const key = ({ pubsubName, topic }: Subscription) => `${pubsubName}\0${topic}`;
  for (const one of declared) if (!byTopic.has(key(one))) byTopic.set(key(one), one);
  for (const one of programmatic) byTopic.set(key(one), one);
  return [...byTopic.values()];
}

async function ask(
  options: AppSubscriptionsOptions,
  channel: AppChannel,
  signal: AbortSignal,
): Promise<Subscription[]> {
  const { app, appId, appToken, skipProgrammatic, policies, registry, log } = options;
  if (skipProgrammatic) {
    log.warn("Skipping programmatic subscription loading (see 'disable-init-endpoints' flag/annotation)");
    return [];
  }
  const policy = policies.resolver.builtIn('initialization');
  const grpc = channel.protocol === 'grpc' ? app.grpc() : undefined;
  const found = await policies.run(
    policy,
    (one) =>
      grpc ? askGrpcApp(grpc, appToken, one.signal ?? signal) : askHttpApp(channel, appId, log, one.signal ?? signal),
    { signal },
  );
  const loaded = registry.of(pubsubKind);
  for (const [pubsubName, subscriptions] of Map.groupBy(found, (one) => one.pubsubName)) {
    const topics = subscriptions.map(({ topic }) => topic).join(' ');
    log.info(`app is subscribed to the following topics: [[${topics}]] through pubsub=${pubsubName}`);
    if (!loaded.has(pubsubName))
      log.warn(`no pub/sub component "${pubsubName}" is loaded: subscriptions to ${topics} wait for it`);
  }
  return found;
}
