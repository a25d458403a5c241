import type { Message } from '#contracts/pubsub.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type BoundPubSub, pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Publisher } from '../blocks/pubsub/publisher.ts';
import type { Policies } from '../policy/guards.ts';
import type { Registry } from '../registry.ts';
import { type DeliverySetting, messageHandler } from './deliver.ts';
import { bulkHandler, subscribeInBulk } from './deliver-bulk.ts';
import type { Postman } from './postman.ts';
import type { Subscription } from './subscription.ts';

export type SubscriberOptions = {
  registry: Registry;
  publisher: Publisher;
  policies: Pick<Policies, 'resolver' | 'run'>;
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
  /** Closes all, and opens none any more. */
  closeAll(drainMs: number): Promise<void>;
};

const firstPauseMs = 500;
const longestPauseMs = 60_000;
const buryMs = 30_000;
/** Messages under way have so long to be settled when their subscription ends. */
const endMs = 30_000;
const settleMs = 50;

/** Opens subscriptions on components. */
export function createSubscriber(options: SubscriberOptions): Subscriber {
  const { registry, publisher, policies, clock, log } = options;
  const all = new Set<Opened>();
  let closed = false;
  const setting = (subscription: Subscription, bound: BoundPubSub, postman: Postman): DeliverySetting => ({
    subscription,
    topicPrefix: bound.topicPrefix,
    postman,
    policy: policies.resolver.component(subscription.pubsubName, pubsubKind.policy, 'inbound'),
    run: policies.run,
    bury: ({ data, contentType = '', metadata = {} }: Message, topic) =>
      publisher.forward(bound, topic, { data, contentType, metadata }, AbortSignal.timeout(buryMs)),
    log,
    now: clock.now,
  });
  const open = async (subscription: Subscription, postman: Postman): Promise<Opened> => {
    if (closed) throw fault('unavailable', 'the sidecar takes no more subscriptions');
    const { pubsubName, topic, metadata, bulk } = subscription;
    const bound = registry.of(pubsubKind).get(pubsubName)?.component;
    if (bound === undefined) throw pubsubKind.absent(pubsubName, true, '');
    if (!bound.scopes.maySubscribe(topic)) {
      throw fault('pubsub-forbidden', `subscription to topic '${topic}' on pubsub '${pubsubName}' is not allowed`);
    }
    const life = createLife(clock);
    const request = { topic: bound.topicPrefix + topic, metadata };
    const how = setting(subscription, bound, postman);
    if (bulk) await subscribeInBulk(bound.pubsub, { ...request, ...bulk }, life.counted(bulkHandler(how)), life.signal);
    else await bound.pubsub.subscribe(request, life.counted(messageHandler(how)), life.signal);
    const opened: Opened = {
      async close(drainMs) {
        all.delete(opened);
        await life.close(drainMs);
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
    async closeAll(drainMs) {
      closed = true;
      await Promise.all([...all].map((opened) => opened.close(drainMs)));
    },
  };
}

type Life = {
  readonly signal: AbortSignal;
  /** Counts what is under way; once closing, what comes new waits for the end and is left to the broker. */
  counted<T, R>(
    handler: (message: T, signal: AbortSignal) => Promise<R>,
  ): (message: T, signal: AbortSignal) => Promise<R>;
  close(drainMs: number): Promise<void>;
};

function createLife(clock: Clock): Life {
  const abort = new AbortController();
  const idle: (() => void)[] = [];
  let underWay = 0;
  let closing = false;
  return {
    signal: abort.signal,
    counted: (handler) => async (message, signal) => {
      if (closing) return await untilAborted(signal);
      underWay++;
      try {
        return await handler(message, signal);
      } finally {
        if (--underWay === 0) for (const resolve of idle.splice(0)) resolve();
      }
    },
    async close(drainMs) {
      closing = true;
      if (underWay > 0 && drainMs > 0) {
        const patience = new AbortController();
        const done = new Promise<void>((resolve) => idle.push(resolve));
        await Promise.race([done, clock.pause(drainMs, patience.signal)]);
        patience.abort();
        // The component still has to tell the broker what was just settled.
        await clock.pause(settleMs, abort.signal);
      }
      abort.abort();
    },
  };
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error('the subscription has ended'));
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
