import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import type { Message } from '#contracts/pubsub.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openInMemory } from './in-memory.ts';

pubsubConformance('pubsub.in-memory', async () => openInMemory(silentLogger), {
  redelivers: false,
  atOnce: 1,
});

describe('pubsub.in-memory', () => {
  it('matches topics by wildcard', async () => {
    const stop = new AbortController();
    await using pubsub = openInMemory(silentLogger);
    const topics: string[] = [];
    await pubsub.subscribe({ topic: 'orders/*' }, async ({ topic }) => void topics.push(topic), stop.signal);
    for (const topic of ['orders/eu', 'order', 'orders/us/ca']) {
      await pubsub.publish({ pubsubName: 'p', topic, data: new Uint8Array() });
    }
    await eventually(() => expect(topics.length === 2).toBe(true));
    expect(topics).toEqual(['orders/eu', 'orders/us/ca']);
  });

  it('goes on with the next message when one is not taken', async () => {
    const stop = new AbortController();
    await using pubsub = openInMemory(silentLogger);
    const got: string[] = [];
    const handler = async ({ data }: Message) => {
      got.push(Buffer.from(data).toString());
      if (got.length === 1) throw new Error('no');
    };
    await pubsub.subscribe({ topic: 't' }, handler, stop.signal);
    for (const text of ['poison', 'fine'])
      await pubsub.publish({ pubsubName: 'p', topic: 't', data: Buffer.from(text) });
    await eventually(() => expect(got).toEqual(['poison', 'fine']));
  });
});
