import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { cloudEventType } from '../blocks/pubsub/content-type.ts';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import type { Publisher } from '../blocks/pubsub/publisher.ts';
import type { BoundStore } from '../blocks/state/kind.ts';
import type { OutboxSettings } from '../blocks/state/outbox-settings.ts';
import type { Registry } from '../registry.ts';
import { type Letter, NotTaken, type Postman } from '../subscriptions/postman.ts';

export type OutboxStore = { bound: BoundStore; settings: OutboxSettings };

export type ReleaseOptions = {
  /** The stores whose events come by a component and topic. */
  storesOf(pubsubName: string, topic: string): readonly OutboxStore[];
  registry: Registry;
  publisher: Pick<Publisher, 'publish'>;
  clock: Clock;
  log: Logger;
};

const firstPauseMs = 50;
const longestPauseMs = 3_000;
/** A transaction that has not happened by then is not going to. */
const patienceMs = 10_000;

/** Takes the events of outboxes: each is published once its transaction has happened, and then its marker removed. */
export function releasePostman(options: ReleaseOptions): Postman {
  const { storesOf, registry, publisher, clock, log } = options;
  return {
    async deliver(letter, signal) {
      const stores = storesOf(letter.pubsubName, letter.topic);
      const key = String(letter.event['id']);
      const found = await holderOf(key, stores, clock, signal);
      if (found === undefined) return giveUp(letter, stores, log);
      const { publishPubsub, publishTopic } = found.settings;
      const target = registry.of(pubsubKind).get(publishPubsub)?.component;
      if (target === undefined) throw new NotTaken(`pubsub ${publishPubsub} of an outbox is not found`);
      const event = { data: letter.data, contentType: cloudEventType, metadata: {} };
      await publisher.publish(target, publishTopic, event, {
        headers: {},
        signal,
        trace: undefined,
        jsonValues: false,
      });
      await untilDone(() => found.bound.store.delete({ key }, signal), clock, signal);
      return 'ack';
    },
    deliverBulk: () => Promise.reject(new NotTaken('an outbox takes no bulks')),
  };
}

function giveUp({ topic }: Letter, stores: readonly OutboxStore[], log: Logger): 'ack' {
  const words = `no transaction belongs to a message of outbox topic ${topic}`;
  if (stores.length > 0 && stores.every(({ settings }) => settings.discardWhenMissing)) {
    log.error(`${words}: discarding it`);
    return 'ack';
  }
  throw new NotTaken(`${words}: leaving it for later`);
}

/** The store that has the marker; undefined where none has it in time. */
async function holderOf(
  key: string,
  stores: readonly OutboxStore[],
  clock: Clock,
  signal: AbortSignal,
): Promise<OutboxStore | undefined> {
  const until = clock.now() + patienceMs;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    for (const one of stores) {
      const value = await one.bound.store.get({ key }, signal);
      if (value !== undefined && value.data.length > 0) return one;
    }
    if (signal.aborted || clock.now() + pause > until) return undefined;
    await clock.pause(pause, signal);
  }
}

/** The event is out: what is left to do is worth some tries, as a failure now brings it out again. */
async function untilDone(act: () => Promise<void>, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.now() + patienceMs;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
    try {
      return await act();
    } catch (thrown) {
      if (signal.aborted || clock.now() + pause > until) throw thrown;
      await clock.pause(pause, signal);
    }
  }
}
