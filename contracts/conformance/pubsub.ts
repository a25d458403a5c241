import { randomUUID } from 'node:crypto';
import { eventually } from '#kit/testing/eventually.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { Message, PubSub } from '../pubsub.ts';
import { pubsubFeatures } from '../pubsub.ts';
import { attach, serve } from '../wire/pubsub.ts';
import { bothWays, type Open } from './ways.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array) => new TextDecoder().decode(data);

export type PubSubCases = { redelivers?: boolean; keepsOrder?: boolean; atOnce: number };

/**
 * What every pub/sub component must do; run it from the component's test. `open` makes a component whose subscriptions
 * deliver again at once, or soon, what a handler rejects, unless it says that it never does. In one that keeps an order,
 * what comes after a rejected message waits for it. `atOnce` is how many messages of a topic it is set to hand out side
 * by side.
 */
export function pubsubConformance(
  name: string,
  open: Open<PubSub>,
  { redelivers = true, keepsOrder = false, atOnce }: PubSubCases,
): void {
  for (const [way, openThisWay] of bothWays(open, { serve, attach })) {
    describe(`${name} ${way}`, () => {
      let pubsub: PubSub;
      let topic: string;
      let stop: AbortController;
      beforeEach(async () => {
        pubsub = await openThisWay();
        topic = `conformance-${randomUUID()}`;
        stop = new AbortController();
      });
      afterEach(async () => {
        stop.abort();
        await pubsub[Symbol.asyncDispose]();
      });
      const subject = () => ({ pubsub, topic, signal: stop.signal });

      delivery(subject);
      extremes(subject);
      backpressure(subject, atOnce);
      if (redelivers) redelivery(subject);
      if (!keepsOrder) poison(subject);
      features(subject);
    });
  }
}

type Subject = () => { pubsub: PubSub; topic: string; signal: AbortSignal };

/** A subscription may take effect a moment after it is made, so a first message is published until one arrives. */
async function subscribed(
  { pubsub, topic, signal }: ReturnType<Subject>,
  handler: (message: Message) => Promise<void>,
) {
  let ready = false;
  await pubsub.subscribe(
    { topic },
    async (message) => {
      if (textOf(message.data) !== 'probe') return await handler(message);
      ready = true;
    },
    signal,
  );
  await eventually(async () => {
    await pubsub.publish({ pubsubName: 'p', topic, data: bytes('probe') });
    expect(ready).toBe(true);
  });
}

function delivery(subject: Subject): void {
  it('delivers every message with its topic and its very bytes', async () => {
    const { pubsub, topic } = subject();
    const received: Message[] = [];
    await subscribed(subject(), async (message) => void received.push(message));
    const data = Uint8Array.from([0, 255, 10, 34]);
    await pubsub.publish({ pubsubName: 'p', topic, data });
    for (let i = 0; i < 20; i++) await pubsub.publish({ pubsubName: 'p', topic, data: bytes(`m${i}`) });
    await eventually(() => expect(received.length >= 21).toBe(true));
    expect(received.every((message) => message.topic === topic)).toBe(true);
    expect(received.some((message) => Buffer.from(message.data).equals(data))).toBe(true);
    expect(new Set(received.map((message) => textOf(message.data))).size).toBe(21);
  });

  it('keeps topics apart', async () => {
    const { pubsub, topic } = subject();
    const received: string[] = [];
    await subscribed(subject(), async (message) => void received.push(textOf(message.data)));
    await pubsub.publish({ pubsubName: 'p', topic: `${topic}-other`, data: bytes('stray') });
    await pubsub.publish({ pubsubName: 'p', topic, data: bytes('mine') });
    await eventually(() => expect(received.includes('mine')).toBe(true));
    expect(received).not.toContain('stray');
  });

  it('stops delivering when the subscription is aborted', async () => {
    const { pubsub, topic, signal } = subject();
    const own = new AbortController();
    const received: string[] = [];
    await subscribed({ pubsub, topic, signal: AbortSignal.any([signal, own.signal]) }, async (message) => {
      received.push(textOf(message.data));
    });
    own.abort();
    const witness: string[] = [];
    await subscribed(subject(), async (message) => void witness.push(textOf(message.data)));
    await pubsub.publish({ pubsubName: 'p', topic, data: bytes('late') });
    await eventually(() => expect(witness.includes('late')).toBe(true));
    expect(received).not.toContain('late');
  });
}

function redelivery(subject: Subject): void {
  it('delivers again what a handler rejected', async () => {
    const { pubsub, topic } = subject();
    let tries = 0;
    await subscribed(subject(), async () => {
      tries += 1;
      if (tries === 1) throw new Error('not now');
    });
    await pubsub.publish({ pubsubName: 'p', topic, data: bytes('again') });
    await eventually(() => expect(tries >= 2).toBe(true));
  });
}

function backpressure(subject: Subject, atOnce: number): void {
  it(`waits for the app with ${atOnce} out, and delivers the others when it is ready`, async () => {
    const { pubsub, topic } = subject();
    const ready = Promise.withResolvers<void>();
    const received = new Set<string>();
    let [out, most] = [0, 0];
    await subscribed(subject(), async ({ data }) => {
      most = Math.max(most, ++out);
      await ready.promise;
      out -= 1;
      received.add(textOf(data));
    });
    const texts = Array.from({ length: atOnce + 40 }, (_, i) => `m${i}`);
    for (const text of texts) {
      await pubsub.publish({ pubsubName: 'p', topic, data: bytes(text), metadata: { partitionKey: text } });
    }
    await eventually(() => expect(out).toBe(atOnce));
    ready.resolve();
    await eventually(() => expect(received.size).toBe(texts.length));
    expect(most).toBe(atOnce);
  });
}

function poison(subject: Subject): void {
  it('delivers the rest while one message is rejected every time', async () => {
    const { pubsub, topic } = subject();
    const received = new Set<string>();
    await subscribed(subject(), async ({ data }) => {
      if (textOf(data) === 'poison') throw new Error('never');
      received.add(textOf(data));
    });
    const texts = Array.from({ length: 20 }, (_, i) => `m${i}`);
    for (const text of ['poison', ...texts]) await pubsub.publish({ pubsubName: 'p', topic, data: bytes(text) });
    await eventually(() => expect(received.size).toBe(texts.length));
  });
}

function extremes(subject: Subject): void {
  it('delivers an empty message', async () => {
    const { pubsub, topic } = subject();
    const lengths: number[] = [];
    await subscribed(subject(), async ({ data }) => void lengths.push(data.length));
    await pubsub.publish({ pubsubName: 'p', topic, data: new Uint8Array() });
    await eventually(() => expect(new Set(lengths)).toEqual(new Set([0])));
  });

  it('delivers a message of 10 MB whole, or refuses it as too long', async () => {
    const { pubsub, topic } = subject();
    const received: Uint8Array[] = [];
    await subscribed(subject(), async ({ data }) => void received.push(data));
    const data = Buffer.alloc(10 * 1024 * 1024, 'x');
    const refusal = await pubsub.publish({ pubsubName: 'p', topic, data }).then(
      () => undefined,
      (error: Error) => error.message,
    );
    const whole = () => new Set(received.map((one) => data.equals(one)));
    if (refusal === undefined) await eventually(() => expect(whole()).toEqual(new Set([true])));
    else expect(refusal).toMatch(/max|large|exceed/i);
  });
}

function features(subject: Subject): void {
  it('publishes many messages at once, where it can', async () => {
    const { pubsub, topic } = subject();
    if (!pubsub.bulkPublish) return;
    const received: string[] = [];
    await subscribed(subject(), async (message) => void received.push(textOf(message.data)));
    const entries = ['a', 'b', 'c'].map((text) => ({ entryId: text, event: bytes(text), contentType: 'text/plain' }));
    expect(await pubsub.bulkPublish({ pubsubName: 'p', topic, entries })).toEqual([]);
    await eventually(() => expect(new Set(received)).toEqual(new Set(['a', 'b', 'c'])));
  });

  it('declares only features by known names', () => {
    const known = ['MESSAGE_TTL', 'SUBSCRIBE_WILDCARDS', 'BULK_SUBSCRIBE_IMMEDIATE', 'BULK_PUBSUB'];
    expect(known).toEqual(expect.arrayContaining(pubsubFeatures(subject().pubsub)));
  });
}
