import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { Message, MessageHandler, PubSub } from '#contracts/pubsub.ts';
import type { Logger } from '#kit/log/logger.ts';

export const component = defineComponent({
  type: 'pubsub.in-memory',
  versions: ['v1'],
  title: 'In-memory',
  description:
    'Hands messages to the subscribers in this process, once. For development and tests: what nobody subscribes to, and what an app fails, is gone.',
  settings: z.object({}),
  open: async (_settings, { log }) => openInMemory(log),
});

type Subscriber = { topic: string; handler: MessageHandler; signal: AbortSignal; last: Promise<void> };

/**
 * The broker itself. A subscription gets one message at a time; one that its handler rejects is gone, as in Dapr: a
 * resiliency policy may try it again. Topics may hold `*`.
 */
export function openInMemory(log: Logger): PubSub {
  const subscribers = new Set<Subscriber>();
  return {
    traits: ['SUBSCRIBE_WILDCARDS'],
    async publish({ topic, data, metadata }) {
      for (const subscriber of subscribers) {
        if (!matches(subscriber.topic, topic)) continue;
        const message = { topic, data, contentType: '', metadata };
        const subscribed = () => subscribers.has(subscriber);
        subscriber.last = subscriber.last.then(() => deliver(subscriber, message, subscribed, log));
      }
    },
    async subscribe({ topic }, handler, signal) {
      const subscriber = { topic, handler, signal, last: Promise.resolve() };
      subscribers.add(subscriber);
      signal.addEventListener('abort', () => subscribers.delete(subscriber), { once: true });
    },
    async [Symbol.asyncDispose]() {
      subscribers.clear();
    },
  };
}

async function deliver(
  { handler, signal }: Subscriber,
  message: Message,
  subscribed: () => boolean,
  log: Logger,
): Promise<void> {
  if (!subscribed()) return;
  try {
    await handler({ ...message, metadata: { ...message.metadata } }, signal);
  } catch (error) {
    log.error(`a message of ${message.topic} is gone, as it was not taken: ${(error as Error).message}`);
  }
}

/** `*` stands for any text, as in Dapr's in-memory broker. */
function matches(pattern: string, topic: string): boolean {
  if (!pattern.includes('*')) return pattern === topic;
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 's').test(topic);
}
