import type { MessageHandler, PubSub } from '#contracts/pubsub.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import { createPublisher } from '../blocks/pubsub/publisher.ts';
import { executeStateTransaction } from '../blocks/state/transact.ts';
import { builtInTables, createPolicyResolver } from '../policy/resiliency/resolve.ts';
import { createRunner } from '../policy/resiliency/run.ts';
import { createSubscriber } from '../subscriptions/subscriber.ts';
import { throughBothDoors } from '../testing/doors.ts';
import { transactForm } from '../testing/state/forms.ts';
import { withStore } from '../testing/state/store.ts';
import { createOutbox } from './outbox.ts';

const { executeStateTransaction: method } = Dapr.method;

/** A broker that keeps what is published, and hands it on to the one who subscribed. */
function broker() {
  const published: { topic: string; event: Record<string, unknown> }[] = [];
  const handlers = new Map<string, MessageHandler>();
  const settled: string[] = [];
  const pubsub: PubSub = {
    traits: [],
    async publish({ topic, data }) {
      published.push({ topic, event: JSON.parse(Buffer.from(data).toString()) });
      handlers
        .get(topic)?.({ topic, data }, new AbortController().signal)
        .then(
          () => settled.push('taken'),
          () => settled.push('again'),
        );
    },
    async subscribe({ topic }, handler) {
      handlers.set(topic, handler);
    },
    async [Symbol.asyncDispose]() {},
  };
  const of = (topic: string) => published.filter((one) => one.topic === topic).map(({ event }) => event);
  return { pubsub, of, settled, topics: () => [...handlers.keys()] };
}

throughBothDoors('a state store with an outbox', (connect) => {
  const setUp = async (more: Record<string, string> = {}) => {
    const clock = fakeClock();
    const metadata = { outboxPublishPubsub: 'broker', outboxPublishTopic: 'orders', ...more };
    const { object, registry, stages } = await withStore({ metadata });
    const { pubsub, ...seen } = broker();
    const context = { appId: 'shop', namespace: '', name: 'broker', metadata: {}, secretNames: {}, namespaced: false };
    const rest = { guard: undefined, observe: undefined, close: async () => {} };
    const component = pubsubKind.bind(pubsub, context);
    registry.add({ name: 'broker', type: 'pubsub.x', version: 'v1', kind: pubsubKind, component, ...rest });
    const policies = {
      resolver: createPolicyResolver(builtInTables(), clock.now),
      run: createRunner({ now: clock.now, random: Math.random, pause: clock.pause }),
    };
    const publisher = createPublisher(registry, 'shop');
    const subscriber = createSubscriber({ registry, publisher, policies, clock, log: silentLogger });
    const outbox = createOutbox({
      ...{ appId: 'shop', namespace: 'default', registry, publisher, subscriber, clock, log: silentLogger },
    });
    await outbox.update();
    const client = connect({ operations: [executeStateTransaction(outbox)], stages });
    const set = (key: string, json: string, metadata: Record<string, string> = {}) => ({
      ...{ operationType: 'upsert', request: { key, value: Buffer.from(json), metadata } },
    });
    const transact = (...operations: { operationType: string; request: object }[]) =>
      client.call(method, { storeName: 'orders', operations }, transactForm);
    return { ...seen, clock, object, client, set, transact };
  };

  it('publishes what a transaction sets, once it has happened, and keeps nothing behind', async () => {
    const { of, topics, settled, clock, object, set, transact } = await setUp();
    expect(topics()).toEqual(['defaultshopordersoutbox']);
    await transact(set('a', '{"n":1}', { contentType: 'application/json', colour: 'red', id: 'x' }));
    await clock.advance(100);
    expect(settled).toEqual(['taken']);
    const [event] = of('orders');
    expect(event).toMatchObject({
      data: { n: 1 },
      topic: 'orders',
      pubsubname: 'broker',
      source: 'shop',
      colour: 'red',
    });
    expect(event?.['id']).toMatch(/^outbox-/);
    expect(await object.get({ key: String(event?.['id']) })).toBeUndefined();
    expect(await object.get({ key: 'shop||a' })).toBeDefined();
  });

  it('publishes a projection in place of what it sets', async () => {
    const { of, settled, clock, object, set, transact } = await setUp();
    await transact(set('a', '2'), set('a', '3', { 'outbox.projection': 'true' }));
    await clock.advance(100);
    expect(settled).toEqual(['taken']);
    expect(of('orders').map(({ data }) => data)).toEqual(['3']);
    expect(Buffer.from((await object.get({ key: 'shop||a' }))!.data).toString()).toBe('2');
  });

  it('publishes nothing of what it deletes', async () => {
    const { of, transact } = await setUp();
    await transact({ operationType: 'delete', request: { key: 'a' } });
    expect(of('defaultshopordersoutbox')).toEqual([]);
  });

  it.each([
    ['leaves the event to the broker', {}, 'again'],
    ['discards the event where that is asked for', { outboxDiscardWhenMissingState: 'true' }, 'taken'],
  ])('%s when its transaction does not happen', async (_, more, outcome) => {
    const { of, settled, clock, client, object, set } = await setUp(more);
    object.transact = () => Promise.reject(new Error('disk full'));
    const operations = [set('a', '1')];
    await client.fails(
      client.call(method, { storeName: 'orders', operations }, transactForm),
      'state-transaction',
      'error while executing state transaction: disk full',
    );
    await clock.advance(20_000);
    expect([settled, of('orders')]).toEqual([[outcome], []]);
  });
});
