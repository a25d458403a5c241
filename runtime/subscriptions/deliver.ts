import type { Message, MessageHandler } from '#contracts/pubsub.ts';
import type { Logger } from '#kit/log/logger.ts';
import { isRawPayload } from '../blocks/pubsub/request-metadata.ts';
import type { Policy, Runner } from '../policy/resiliency/run.ts';
import type { IngressMetrics, Outcome } from '../telemetry/pubsub-metrics.ts';
import { hasExpired, readIncoming } from './incoming.ts';
import { type Letter, NotTaken, type Postman } from './postman.ts';
import { pathFor } from './route.ts';
import type { Subscription } from './subscription.ts';

export type DeliverySetting = {
  subscription: Subscription;
  /** What stands before topics in the broker. */
  topicPrefix: string;
  postman: Postman;
  /** The component's inbound policy. */
  policy: Policy;
  run: Runner;
  /** Publishes to the dead-letter topic of the same component. */
  bury(message: Message, topic: string): Promise<void>;
  /** Whether the subscription takes no more messages. */
  isClosing(): boolean;
  count: IngressMetrics;
  log: Logger;
  now(): number;
};

/** What is done with each message of a subscription: it is read, routed, delivered, and if need be buried. */
export function messageHandler(setting: DeliverySetting): MessageHandler {
  const { subscription, policy, run, log } = setting;
  const where = `pubsub ${subscription.pubsubName} and topic ${subscription.topic}`;
  const letterFor = reader(setting, where);
  const deliver = countedDelivery(setting);
  return async (message, signal) => {
    let letter: Letter | undefined;
    try {
      letter = letterFor(message);
    } catch (thrown) {
      log.error(`cannot read a message of ${where}: ${(thrown as Error).message}`);
      return await giveUp(setting, message, thrown);
    }
    if (letter === undefined) return await buryOr(setting, message, dropIt);
    const { event } = letter;
    try {
      const verdict = await run(policy, (one) => deliver(letter, one.signal ?? signal), { signal, statusOf });
      if (verdict === 'ack') return;
      log.warn(`DROP status returned from app while processing pub/sub event ${event['id']}`);
    } catch (thrown) {
      // A subscription that ends leaves its messages to the broker: none is buried because the sidecar stops.
      if (signal.aborted || setting.isClosing()) throw thrown;
      log.warn(`event ${event['id']} of ${where} was not taken: ${(thrown as Error).message}`);
      return await giveUp(setting, message, thrown);
    }
    await buryOr(setting, message, dropIt);
  };
}

/** Makes letters of messages; undefined for one that nobody wants: it expired, or no route matches. */
function reader(setting: DeliverySetting, where: string): (message: Message) => Letter | undefined {
  const { subscription, topicPrefix, count, log } = setting;
  const { pubsubName, rules } = subscription;
  const raw = isRawPayload(subscription.metadata);
  return (message) => {
    const topic = message.topic.startsWith(topicPrefix) ? message.topic.slice(topicPrefix.length) : message.topic;
    const { event, data } = readIncoming(message, { raw, pubsubName, topic });
    if (hasExpired(event, setting.now())) {
      log.warn(`dropping expired pub/sub event ${event['id']} as of ${event['expiration']}`);
      count.message('drop');
      return undefined;
    }
    const path = pathFor(rules, event);
    if (path === undefined) {
      log.debug(`no matching route for event ${event['id']} in ${where}; skipping`);
      count.message('drop', undefined, 'success');
      return undefined;
    }
    return { pubsubName, topic, path, event, data, metadata: { ...message.metadata, pubsubName } };
  };
}

/** A message that nobody takes is a dead letter, or has to come again. */
async function giveUp(setting: DeliverySetting, message: Message, why: unknown): Promise<void> {
  let outcome: Outcome = 'drop';
  try {
    await buryOr(setting, message, () => {
      outcome = 'retry';
      return Promise.reject(why);
    });
  } finally {
    setting.count.message(outcome);
  }
}

const dropIt = async (): Promise<void> => {};

async function buryOr(
  { subscription: { deadLetterTopic }, bury, log }: DeliverySetting,
  message: Message,
  otherwise: () => Promise<void>,
): Promise<void> {
  if (deadLetterTopic === '') return await otherwise();
  try {
    await bury(message, deadLetterTopic);
  } catch (thrown) {
    log.error(
      `error sending message to dead letter, origin topic: ${message.topic} dead letter topic ${deadLetterTopic} err: ${(thrown as Error).message}`,
    );
    await otherwise();
  }
}

/** Each attempt counts. */
function countedDelivery({ postman, count }: DeliverySetting): Postman['deliver'] {
  return async (letter, signal) => {
    const began = performance.now();
    try {
      const verdict = await postman.deliver(letter, signal);
      count.message(verdict === 'ack' ? 'success' : 'drop', performance.now() - began, 'success');
      return verdict;
    } catch (thrown) {
      count.message('retry', performance.now() - began);
      throw thrown;
    }
  };
}

/** For the retries of a policy: the app's own status; what has none is tried again. */
export const statusOf = (thrown: unknown): number | undefined =>
  thrown instanceof NotTaken ? thrown.status : undefined;
