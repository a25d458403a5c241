import type { Message } from '#contracts/pubsub.ts';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type BoundPubSub, pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Publisher } from '../blocks/pubsub/publisher.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import { noPubsubMetrics, type PubsubMetrics } from '../telemetry/pubsub-metrics.ts';
import { type DeliverySetting, messageHandler } from './deliver.ts';
import { bulkHandler } from './deliver-bulk.ts';
import { createLife, type Life } from './life.ts';
import type { Postman } from './postman.ts';
import { subscribeInBulk } from './subscribe-in-bulk.ts';
import type { Subscription } from './subscription.ts';

export type SubscriberOptions = {
  registry: Registry;
  publisher: Publisher;
  policies: Pick<Policies, 'resolver' | 'run'>;
  metrics?: PubsubMetrics | undefined;
  clock: Clock;
  log: Logger;
};

/** One subscription that is open. */
export type Opened = {
  /** Takes no more messages, waits for those under way, at most `drainMs`, then ends it. */
  close(drainMs: number): Promise<void>;
};

export type Subscriber = {
  /** Rejects with the faults of the component, `pubsub-not-found`, or `pubsub-forbidden`. */
  open(subscription: Subscription, postman: Postman): Promise<Opened>;
  /** Opens it as soon as that works, with pauses that double from 0.5 s to 60 s, until the signal fires. */
  keepOpen(subscription: Subscription, postman: Postman, signal: AbortSignal): Promise<void>;
  /** Closes those on a component, which may then be closed itself. */
  leave(component: BoundPubSub, drainMs: number): Promise<void>;
  /** Closes all, and opens none any more. Components that can pause first deliver what they hold already. */
  closeAll(drainMs: number): Promise<void>;
};

const firstPauseMs = 500;
const longestPauseMs = 60_000;
const buryMs = 30_000;
/** Messages under way have so long to be settled when their subscription ends. */
const endMs = 30_000;
const pauseMs = 5_000;

type Open = Opened & { bound: BoundPubSub; life: Life };

/** Opens subscriptions on components. */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { registry, clock, log } = options;
  const all = new Set<Open>();
  let closed = false;
  const open = async (subscription: Subscription, postman: Postman): Promise<Opened> => {
    if (closed) throw fault('unavailable', 'the sidecar takes no more subscriptions');
    const { pubsubName, topic } = subscription;
    const bound = registry.of(pubsubKind).get(pubsubName)?.component;
    if (bound === undefined) throw pubsubKind.absent(pubsubName, true, '');
    if (!bound.scopes.maySubscribe(topic)) {
      throw fault('pubsub-forbidden', `subscription to topic '${topic}' on pubsub '${pubsubName}' is not allowed`);
    }
    const life = createLife(clock);
    await subscribe(settingOf(options, subscription, bound, postman, life), bound, life);
    const opened: Open = {
      bound,
      life,
      async close(drainMs) {
        await life.close(drainMs);
        all.delete(opened);
      },
    };
    all.add(opened);
    return opened;
  };
  return {
    open,
    async keepOpen(subscription, postman, signal) {
      for (let pause = firstPauseMs; !signal.aborted && !closed; pause = Math.min(pause * 2, longestPauseMs)) {
        try {
          const opened = await open(subscription, postman);
          signal.addEventListener('abort', () => void opened.close(endMs), { once: true });
          if (signal.aborted) await opened.close(0);
          return;
        } catch (thrown) {
          const { pubsubName, topic } = subscription;
          log.error(
            `Failed to start subscription for pubsub ${pubsubName}, topic ${topic}: ${(thrown as Error).message}`,
          );
          await clock.pause(pause, signal);
        }
      }
    },
    async leave(component, drainMs) {
      await Promise.all([...all].filter(({ bound }) => bound === component).map((opened) => opened.close(drainMs)));
    },
    async closeAll(drainMs) {
      closed = true;
      const until = clock.now() + drainMs;
      const paused = await pauseAll(new Set([...all].map(({ bound }) => bound)), log);
      await Promise.all(
        [...all].map(async (opened) => {
          if (paused.has(opened.bound)) await opened.life.quiet(drainMs);
          await opened.close(Math.max(until - clock.now(), 0));
        }),
      );
    },
  };
}

const settingOf = (
  { publisher, policies, metrics = noPubsubMetrics, log, clock }: SubscriberOptions,
  subscription: Subscription,
  bound: BoundPubSub,
  postman: Postman,
  life: Life,
): DeliverySetting => ({
  subscription,
  topicPrefix: bound.topicPrefix,
  postman,
  policy: policies.resolver.component(subscription.pubsubName, pubsubKind.policy, 'inbound'),
  run: policies.run,
  bury: ({ data, contentType = '', metadata = {} }: Message, topic) =>
    publisher.forward(bound, topic, { data, contentType, metadata }, AbortSignal.timeout(buryMs)),
  isClosing: life.isClosing,
  count: metrics.from(subscription.pubsubName, subscription.topic),
  log,
  now: clock.now,
});

async function subscribe(how: DeliverySetting, { pubsub, topicPrefix }: BoundPubSub, life: Life): Promise<void> {
  const { topic, metadata, bulk } = how.subscription;
  const request = { topic: topicPrefix + topic, metadata };
  if (bulk) await subscribeInBulk(pubsub, { ...request, ...bulk }, life.counted(bulkHandler(how)), life.signal);
  else await pubsub.subscribe(request, life.counted(messageHandler(how)), life.signal);
}

/** Has components hand out no more; answers those that could. */
async function pauseAll(components: ReadonlySet<BoundPubSub>, log: Logger): Promise<ReadonlySet<BoundPubSub>> {
  const paused = await Promise.all(
    [...components].map(async (bound) => {
      try {
        if (bound.pubsub.pause === undefined) return [];
        await bound.pubsub.pause(AbortSignal.timeout(pauseMs));
        return [bound];
      } catch (thrown) {
        const cannot = thrown instanceof StatusError && thrown.code === grpcCode.UNIMPLEMENTED;
        if (!cannot) log.warn(`Failed to pause ${bound.name}: ${(thrown as Error).message}`);
        return [];
      }
    }),
  );
  return new Set(paused.flat());
}
