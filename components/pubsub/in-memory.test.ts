import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { openInMemory } from './in-memory.ts';

pubsubConformance('pubsub.in-memory', async () => openInMemory(new AbortController().signal));

describe('pubsub.in-memory', () => {
  it('matches topics by wildcard', async () => {
    const stop = new AbortController();
    await using pubsub = openInMemory(stop.signal);
    const topics: string[] = [];
    await pubsub.subscribe({ topic: 'orders/*' }, async ({ topic }) => void topics.push(topic), stop.signal);
    for (const topic of ['orders/eu', 'order', 'orders/us/ca']) {
      await pubsub.publish({ pubsubName: 'p', topic, data: new Uint8Array() });
    }
    await eventually(() => expect(topics.length === 2).toBe(true));
    expect(topics).toEqual(['orders/eu', 'orders/us/ca']);
  });
});
