import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { Message, MessageHandler, PubSub } from '#contracts/pubsub.ts';

const retryMs = 100;
const mostTries = 10;

export const component = defineComponent({
  type: 'pubsub.in-memory',
  versions: ['v1'],
  title: 'In-memory',
  description:
    'Hands messages to the subscribers in this process. For development and tests: what nobody subscribes to is gone.',
  settings: z.object({}),
  open: async (_settings, { signal }) => openInMemory(signal),
});

type Subscriber = { topic: string; handler: MessageHandler; signal: AbortSignal; last: Promise<void> };

/**
 * The broker itself. A subscription gets one message at a time; one that its handler rejects is tried ten times with
 * 100 ms between, then it is gone. Topics may hold `*`.
 */
export function openInMemory(life: AbortSignal): PubSub {
  const subscribers = new Set<Subscriber>();
  const close = () => subscribers.clear();
  life.addEventListener('abort', close, { once: true });
  return {
    traits: ['SUBSCRIBE_WILDCARDS'],
    async publish({ topic, data, contentType, metadata }) {
      for (const subscriber of subscribers) {
        if (!matches(subscriber.topic, topic)) continue;
        const message = { topic, data, contentType, metadata };
        const subscribed = () => subscribers.has(subscriber);
        subscriber.last = subscriber.last.then(() => deliver(subscriber, message, subscribed));
      }
    },
    async subscribe({ topic }, handler, signal) {
      const subscriber = { topic, handler, signal, last: Promise.resolve() };
      subscribers.add(subscriber);
      signal.addEventListener('abort', () => subscribers.delete(subscriber), { once: true });
    },
    async [Symbol.asyncDispose]() {
      life.removeEventListener('abort', close);
      close();
    },
  };
}

async function deliver({ handler, signal }: Subscriber, message: Message, subscribed: () => boolean): Promise<void> {
  for (let tries = 0; tries < mostTries && subscribed(); tries++) {
    try {
      return await handler({ ...message, metadata: { ...message.metadata } }, signal);
    } catch {
      await pause(retryMs, undefined, { ref: false });
    }
  }
}

/** `*` stands for any text, as in Dapr's in-memory broker. */
function matches(pattern: string, topic: string): boolean {
  if (!pattern.includes('*')) return pattern === topic;
  return new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 's').test(topic);
}
