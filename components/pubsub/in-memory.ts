import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { Message, MessageHandler, PubSub } from '#contracts/pubsub.ts';

const retryMs = 100;

export const component = defineComponent({
  type: 'pubsub.in-memory',
  versions: ['v1'],
  title: 'In-memory',
  description:
    'Hands messages to the subscribers in this process. For development and tests: what nobody subscribes to is gone.',
  settings: z.object({}),
  open: async (_settings, { signal }) => openInMemory(signal),
});

type Subscriber = { topic: string; handler: MessageHandler; signal: AbortSignal };

/** The broker itself. Rejected messages come again after 100 ms, until the subscription ends. Topics may hold `*`. */
export function openInMemory(life: AbortSignal): PubSub {
  const subscribers = new Set<Subscriber>();
  const close = () => subscribers.clear();
  life.addEventListener('abort', close, { once: true });
  const send = (message: Message) => {
    for (const subscriber of subscribers) {
      if (matches(subscriber.topic, message.topic))
        void deliver(subscriber, message, () => subscribers.has(subscriber));
    }
  };
  return {
    traits: ['SUBSCRIBE_WILDCARDS'],
    async publish({ topic, data, contentType, metadata }) {
      send({ topic, data, contentType, metadata });
    },
    async subscribe({ topic }, handler, signal) {
      const subscriber = { topic, handler, signal };
      subscribers.add(subscriber);
      signal.addEventListener('abort', () => subscribers.delete(subscriber), { once: true });
    },
    async [Symbol.asyncDispose]() {
      life.removeEventListener('abort', close);
      close();
    },
  };
}

async function deliver(subscriber: Subscriber, message: Message, subscribed: () => boolean): Promise<void> {
  while (subscribed()) {
    try {
      return await subscriber.handler(message, subscriber.signal);
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, retryMs).unref();
      });
    }
  }
}

/** `*` stands for any text, as in Dapr's in-memory broker. */
function matches(pattern: string, topic: string): boolean {
  if (!pattern.includes('*')) return pattern === topic;
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 's').test(topic);
}
