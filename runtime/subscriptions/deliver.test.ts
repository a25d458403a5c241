import type { Message, MessageHandler, PubSub } from '#contracts/pubsub.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import { createPublisher } from '../blocks/pubsub/publisher.ts';
import { builtInTables, createPolicyResolver } from '../policy/resiliency/resolve.ts';
import { createRunner } from '../policy/resiliency/run.ts';
import { createRegistry } from '../registry.ts';
import { type BulkLetter, type Letter, NotTaken, type Postman, type Verdict } from './postman.ts';
import { compileRules } from './route.ts';
import { createSubscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

const event = (data: unknown, more: object = {}) => Buffer.from(JSON.stringify({ id: '1', data, ...more }));

/** A broker in hand: `put` hands a message to the subscriber and tells how it was settled. */
async function subscribed(change: Partial<Subscription>, judge: (letter: Letter | BulkLetter) => Verdict | 'retry') {
  const published: { topic: string; data: string }[] = [];
  const delivered: Letter[] = [];
  const bulks: BulkLetter[] = [];
  const end = new AbortController();
  let handler: MessageHandler | undefined;
  const pubsub: PubSub = {
    traits: [],
    publish: async ({ topic, data }) => void published.push({ topic, data: Buffer.from(data).toString() }),
    subscribe: async (_, given) => {
      handler = given;
    },
    async [Symbol.asyncDispose]() {},
  };
  const registry = createRegistry();
  const bound = pubsubKind.bind(pubsub, {
    appId: 'shop',
    namespace: '',
    name: 'broker',
    metadata: {},
    secretNames: {},
    namespaced: false,
  });
  registry.add({
    name: 'broker',
    type: 'pubsub.x',
    version: 'v1',
    kind: pubsubKind,
    component: bound,
    guard: undefined,
    observe: undefined,
    close: async () => {},
  });
  const postman: Postman = {
    async deliver(letter) {
      delivered.push(letter);
      const verdict = judge(letter);
      if (verdict === 'retry') throw new NotTaken('not now', 500);
      return verdict;
    },
    async deliverBulk(letter) {
      bulks.push(letter);
      return new Map(letter.entries.map((entry) => [entry.entryId, judge({ ...letter, entries: [entry] })]));
    },
  };
  const policies = {
    resolver: createPolicyResolver(builtInTables(), systemClock.now),
    run: createRunner({ now: systemClock.now, random: Math.random, pause: systemClock.pause }),
  };
  const publisher = createPublisher(registry, 'shop');
  const subscriber = createSubscriber({ registry, publisher, policies, clock: systemClock, log: silentLogger });
  const subscription: Subscription = {
    pubsubName: 'broker',
    topic: 'orders',
    metadata: {},
    deadLetterTopic: '',
    rules: await compileRules([], '/orders'),
    bulk: undefined,
    origin: 'DECLARATIVE',
    ...change,
  };
  const opened = await subscriber.open(subscription, postman);
  const put = async (data: Uint8Array, more: Partial<Message> = {}) =>
    await handler!({ topic: 'orders', data, ...more }, end.signal).then(
      () => 'settled',
      () => 'again',
    );
  return { put, published, delivered, bulks, opened, end };
}

describe('the delivery of a message', () => {
  it('goes to the path of the first rule that matches', async () => {
    const rules = await compileRules(
      [
        { match: 'event.type == "big"', path: '/big' },
        { match: 'event.data.n > 1', path: '/many' },
      ],
      '/rest',
    );
    const { put, delivered } = await subscribed({ rules }, () => 'ack');
    for (const one of [event({ n: 5 }, { type: 'big' }), event({ n: 5 }, { type: '' }), event({ n: 1 }, { type: '' })])
      await put(one);
    expect(delivered.map(({ path }) => path)).toEqual(['/big', '/many', '/rest']);
  });

  it('settles without the app where no rule matches, or the event has expired', async () => {
    const rules = await compileRules([{ match: 'false', path: '/never' }], '');
    const unmatched = await subscribed({ rules }, () => 'ack');
    expect(await unmatched.put(event(1))).toBe('settled');
    const expired = await subscribed({}, () => 'ack');
    expect(await expired.put(event(1, { expiration: '2001-01-01T00:00:00Z' }))).toBe('settled');
    expect([...unmatched.delivered, ...expired.delivered]).toEqual([]);
  });

  it('comes again where the app does not take it, a rule fails, or it is no CloudEvent', async () => {
    const refused = await subscribed({}, () => 'retry');
    expect(await refused.put(event(1))).toBe('again');
    expect(await refused.put(Buffer.from('{oops'))).toBe('again');
    const failing = await subscribed(
      { rules: await compileRules([{ match: 'event.none == 1', path: '/x' }], '') },
      () => 'ack',
    );
    expect(await failing.put(event(1))).toBe('again');
  });

  it('buries in the dead-letter topic what is dropped or not taken, byte for byte', async () => {
    const { put, published } = await subscribed({ deadLetterTopic: 'dead' }, ({ event }: Partial<Letter>) =>
      event?.['data'] === 'drop' ? 'drop' : 'retry',
    );
    for (const one of [event('drop'), event('fail'), Buffer.from('{oops')]) expect(await put(one)).toBe('settled');
    expect(published).toEqual(
      [event('drop'), event('fail'), '{oops'].map((data) => ({ topic: 'dead', data: String(data) })),
    );
  });

  it('wraps raw payloads for the app', async () => {
    const { put, delivered } = await subscribed({ metadata: { rawPayload: 'true' } }, () => 'ack');
    await put(Uint8Array.of(0, 255), { metadata: { traceparent: 'tp' } });
    expect(delivered[0]?.event).toMatchObject({
      data_base64: 'AP8=',
      topic: 'orders',
      traceid: 'tp',
      datacontenttype: 'application/octet-stream',
    });
    expect(JSON.parse(String(delivered[0]?.data))).toMatchObject({ data_base64: 'AP8=' });
  });

  it('takes attributes of binary events from their metadata', async () => {
    const { put, delivered } = await subscribed({}, () => 'ack');
    await put(Uint8Array.of(1), { metadata: { 'content-type': 'application/octet-stream', Ce_Id: '7', ce_type: 't' } });
    expect(delivered[0]?.event).toMatchObject({ id: '7', type: 't', data: Buffer.from([1]) });
  });

  it('gathers messages into batches, and judges each by itself', async () => {
    const bulk = { maxMessages: 3, maxAwaitMs: 10_000 };
    const { put, bulks } = await subscribed({ bulk }, (letter) => {
      const data = 'entries' in letter ? letter.entries[0]?.event['data'] : undefined;
      return data === 'again' ? 'retry' : 'ack';
    });
    const fates = await Promise.all(['a', 'again', 'b'].map((data) => put(event(data))));
    expect(fates).toEqual(['settled', 'again', 'settled']);
    expect(bulks[0]?.entries).toHaveLength(3);
  });

  it('leaves to the broker what comes when the subscription closes', async () => {
    const { put, opened, delivered, end } = await subscribed({}, () => 'ack');
    await opened.close(0);
    const late = put(event(1));
    end.abort();
    expect(await late).toBe('again');
    expect(delivered).toEqual([]);
  });
});
