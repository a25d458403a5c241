import { Admin } from '@platformatic/kafka';
import { openComponent } from '#contracts/component.ts';
import { pubsubConformance } from '#contracts/conformance/pubsub.ts';
import { pubsubOutageConformance } from '#contracts/conformance/pubsub-outage.ts';
import type { BulkEntry, Message, PubSub } from '#contracts/pubsub.ts';
import { type Kafka, startKafka } from '#e2e/kafka.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './kafka.ts';

let server: Kafka;
beforeAll(async () => {
  server = await startKafka({ partitions: 4 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    {
      brokers: server.broker,
      authType: 'none',
      consumerID: 'app',
      initialOffset: 'oldest',
      sessionTimeout: '3s',
      heartbeatInterval: '200ms',
      ...metadata,
    },
    { name: 'pubsub', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = ({ data }: Pick<Message, 'data'>) => Buffer.from(data).toString();
const send = (pubsub: PubSub, topic: string, text: string, metadata?: Record<string, string>) =>
  pubsub.publish({ pubsubName: 'p', topic, data: bytes(text), metadata });

async function gather(pubsub: PubSub, topic: string) {
  const stop = new AbortController();
  const messages: Message[] = [];
  await pubsub.subscribe({ topic }, async (message) => void messages.push(message), stop.signal);
  return { messages, texts: () => messages.map(textOf), stop: () => stop.abort() };
}

// Each test of the suite has a group of its own, as a group that lost a member waits for it for a while.
let groups = 0;
pubsubConformance('pubsub.kafka', () => open({ consumerGroup: `conformance-${++groups}` }), {
  keepsOrder: true,
  atOnce: 4,
});

describe('pubsub.kafka', () => {
  it('gives a message’s place, key and headers as metadata, and leaves out what is excluded', async () => {
    await using pubsub = await open({
      consumerGroup: 'metadata',
      excludeHeaderMetaRegex: '^secret',
      escapeHeaders: 'y',
    });
    await send(pubsub, 'described', 'x', { partitionKey: 'a b', other: 'c/d', secretOne: 'hidden' });
    const got = await gather(pubsub, 'described');
    await eventually(() => expect(got.messages).toHaveLength(1));
    expect(got.messages[0]!.metadata).toEqual({
      __key: 'a+b',
      __topic: 'described',
      __offset: '0',
      __partition: expect.stringMatching(/^[0-3]$/),
      __timestamp: expect.stringMatching(/^\d{13}$/),
      partitionKey: 'a+b',
      other: 'c%2Fd',
    });
    got.stop();
  });

  it('puts keys where Dapr’s sidecars put them, and messages into the partition they name', async () => {
    await using pubsub = await open({ consumerGroup: 'keys' });
    const got = await gather(pubsub, 'keyed');
    // Of FNV-1a, as a signed number, without its sign, modulo 4.
    for (const [key, partition] of [
      ['a', '0'],
      ['b', '3'],
      ['order-1', '1'],
    ] as const) {
      await send(pubsub, 'keyed', partition, { partitionKey: key });
    }
    await send(pubsub, 'keyed', '2', { partitionNumber: '2' });
    await eventually(() => expect(got.messages).toHaveLength(4));
    for (const message of got.messages) expect(message.metadata?.['__partition']).toBe(textOf(message));
    await expect(send(pubsub, 'keyed', 'x', { partitionNumber: '4' })).rejects.toThrow('topic keyed has 4 partitions');
    await expect(send(pubsub, 'keyed', 'x', { partitionNumber: '-1' })).rejects.toThrow('partitionNumber is "-1"');
    got.stop();
  });

  it('keeps the order of each key while others wait', async () => {
    await using pubsub = await open({ consumerGroup: 'order', consumeRetryInterval: '5' });
    const got: Record<string, string[]> = { a: [], b: [] };
    const stop = new AbortController();
    let hold = true;
    const handler = async (message: Message) => {
      const key = message.metadata!['__key']!;
      if (key === 'a' && hold) throw new Error('not now');
      got[key]!.push(textOf(message));
    };
    await pubsub.subscribe({ topic: 'ordered' }, handler, stop.signal);
    const wanted = Array.from({ length: 500 }, (_, i) => `${i}`);
    await Promise.all(
      wanted.flatMap((text) => ['a', 'b'].map((key) => send(pubsub, 'ordered', text, { partitionKey: key }))),
    );
    await eventually(() => expect(got['b']).toEqual(wanted));
    expect(got['a']).toEqual([]);
    hold = false;
    await eventually(() => expect(got['a']).toEqual(wanted));
    stop.abort();
  });

  it('leaves out what failed where retries are off', async () => {
    await using pubsub = await open({ consumerGroup: 'without-retry', consumeRetryEnabled: 'false' });
    const got: string[] = [];
    const stop = new AbortController();
    const handler = async (message: Message) => {
      got.push(textOf(message));
      if (textOf(message) === 'poison') throw new Error('no');
    };
    await pubsub.subscribe({ topic: 'unretried' }, handler, stop.signal);
    for (const text of ['poison', 'fine']) await send(pubsub, 'unretried', text, { partitionKey: 'k' });
    await eventually(() => expect(got).toEqual(['poison', 'fine']));
    stop.abort();
  });

  it('delivers in bulks, and again only what failed of one', async () => {
    await using pubsub = await open({ consumerGroup: 'bulk', consumeRetryInterval: '5' });
    const entries = Array.from({ length: 10 }, (_, i) => ({
      entryId: `${i}`,
      event: bytes(`${i}`),
      contentType: 'text/plain',
    }));
    const metadata = { partitionKey: 'k' };
    expect(await pubsub.bulkPublish!({ pubsubName: 'p', topic: 'bulk', entries, metadata })).toEqual([]);
    const bulks: string[][] = [];
    const stop = new AbortController();
    const handler = async ({ entries: all }: { entries: readonly BulkEntry[] }) => {
      bulks.push(all.map(({ event }) => Buffer.from(event).toString()));
      return bulks.length === 1 ? [{ entryId: all[3]!.entryId, error: 'no' }] : [];
    };
    await pubsub.bulkSubscribe!({ topic: 'bulk', maxMessages: 6, maxAwaitMs: 100 }, handler, stop.signal);
    await eventually(() => expect(bulks).toEqual([['0', '1', '2', '3', '4', '5'], ['3'], ['6', '7', '8', '9']]));
    stop.abort();
  });

  it('begins at new messages where the group is new, unless told to begin at the oldest', async () => {
    await using pubsub = await open({ consumerGroup: 'newest', initialOffset: 'newest' });
    await send(pubsub, 'newest', 'before');
    const got = await gather(pubsub, 'newest');
    await send(pubsub, 'newest', 'after');
    await eventually(() => expect(got.texts()).toEqual(['after']));
    got.stop();
  });

  it('packs messages, and refuses those that are too long', async () => {
    await using pubsub = await open({ consumerGroup: 'packed', compression: 'gzip', maxMessageBytes: '11000000' });
    const got = await gather(pubsub, 'packed');
    const data = Buffer.alloc(10 * 1024 * 1024, 'x');
    await pubsub.publish({ pubsubName: 'p', topic: 'packed', data });
    await eventually(() => expect(got.messages).toHaveLength(1));
    expect(Buffer.from(got.messages[0]!.data).equals(data)).toBe(true);
    await using short = await open({ consumerGroup: 'packed' });
    await expect(short.publish({ pubsubName: 'p', topic: 'packed', data })).rejects.toThrow(
      'maxMessageBytes is 1048576',
    );
    got.stop();
  });
});

describe('a group of pubsub.kafka', () => {
  it('shares partitions among its members, and takes over those of one that leaves', async () => {
    await using first = await open({ consumerGroup: 'shared' });
    const one = await gather(first, 'shared');
    const second = await open({ consumerGroup: 'shared' });
    const two = await gather(second, 'shared');
    await eventually(
      async () => {
        for (let id = 0; id < 4; id++) await send(first, 'shared', 'x', { partitionNumber: `${id}` });
        expect([one.messages.length > 0, two.messages.length > 0]).toEqual([true, true]);
      },
      60_000,
      250,
    );
    await second[Symbol.asyncDispose]();
    await eventually(async () => {
      one.messages.length = 0;
      for (let id = 0; id < 4; id++) await send(first, 'shared', `last`, { partitionNumber: `${id}` });
      await eventually(
        () => expect(new Set(one.messages.map(({ metadata }) => metadata!['__partition'])).size).toBe(4),
        2_000,
      );
    });
    one.stop();
  });

  it('reads several topics as one member, and goes on where it stopped', async () => {
    const pubsub = await open({ consumerGroup: 'several' });
    const gathered = await Promise.all(['several-1', 'several-2'].map((topic) => gather(pubsub, topic)));
    for (const topic of ['several-1', 'several-2']) await send(pubsub, topic, topic);
    await eventually(() => expect(gathered.map(({ texts }) => texts())).toEqual([['several-1'], ['several-2']]));
    await pubsub[Symbol.asyncDispose]();
    await using again = await open({ consumerGroup: 'several' });
    const got = await gather(again, 'several-1');
    await send(again, 'several-1', 'next');
    await eventually(() => expect(got.texts()).toEqual(['next']));
    got.stop();
  });
});

describe('settings of pubsub.kafka', () => {
  it('say what is missing for the way to log in', async () => {
    await expect(open({ brokers: '' })).rejects.toThrow("missing 'brokers' attribute");
    await expect(open({ authType: '' })).rejects.toThrow("'authType' attribute was missing or empty");
    await expect(open({ authType: 'password' })).rejects.toThrow('saslUsername is missing: authType password needs it');
    await expect(open({ authType: 'mtls', clientCert: '-----BEGIN A-----\nx\n-----END A-----' })).rejects.toThrow(
      'clientKey is missing',
    );
    await expect(open({ authType: 'certificate' })).rejects.toThrow('caCert is missing');
    await expect(open({ initialOffset: 'somewhere' })).rejects.toThrow('initialOffset');
    await expect(open({ excludeHeaderMetaRegex: '(' })).rejects.toThrow('excludeHeaderMetaRegex');
  });

  it('log in by password, and name the brokers, never the password, where that is refused', async () => {
    const login = { brokers: server.guarded, authType: 'password', saslUsername: 'outrigger', disableTls: 'true' };
    await using pubsub = await open({ ...login, saslPassword: 'secret' });
    await pubsub.ping?.();
    const refused = open({ ...login, saslPassword: 'hidden' });
    await expect(refused).rejects.toThrow(`cannot connect to kafka at ${server.guarded}`);
    await expect(refused).rejects.not.toThrow('hidden');
  });

  it('make topics on first use', async () => {
    await using pubsub = await open();
    await send(pubsub, 'made-here', 'x');
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server.broker] });
    expect(await admin.listTopics()).toContain('made-here');
    await admin.close();
  });
});

const scram = () => ({ brokers: server.guarded, authType: 'password', saslMechanism: 'SHA-256', disableTls: 'true' });
pubsubOutageConformance('pubsub.kafka', {
  server: () => server,
  open: (login) =>
    open({
      consumerGroup: `outage-${++groups}`,
      dialTimeout: '1s',
      readTimeout: '5s',
      ...(login && { ...scram(), saslUsername: login.user, saslPassword: login.password }),
    }),
});
