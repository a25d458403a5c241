import type { Message, PubSub } from '#contracts/pubsub.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { createRegistry, type Guard } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';
import { noPubsubMetrics } from '../../telemetry/pubsub-metrics.ts';
import { type RestForm, throughBothDoors } from '../../testing/doors.ts';
import type { AnyRoute } from '../operation.ts';
import { pubsubKind } from './kind.ts';
import { publishEvent } from './publish.ts';
import { publishEvents } from './publish-bulk.ts';
import { createPublisher } from './publisher.ts';

type Sent = Omit<Message, 'data'> & { data: string };

/** An app `shop` with a broker that notes what is published, and refuses the topics `full` and `away`. */
function withBroker(metadata: Record<string, string> = {}, guard?: Guard) {
  const sent: Sent[] = [];
  const pubsub: PubSub = {
    traits: [],
    async publish({ topic, data, metadata }) {
      if (topic.endsWith('full')) throw new Error('the broker is full');
      if (topic === 'away') throw new StatusError(grpcCode.UNAVAILABLE, 'the broker is away');
      sent.push({ topic, data: Buffer.from(data).toString(), metadata });
    },
    subscribe: async () => {},
    async [Symbol.asyncDispose]() {},
  };
  const registry = createRegistry();
  const namespaced = 'consumerID' in metadata;
  const bound = pubsubKind.bind(pubsub, {
    appId: 'shop',
    namespace: 'ns',
    name: 'broker',
    metadata,
    secretNames: {},
    namespaced,
  });
  const noClose = async () => {};
  registry.add({
    name: 'broker',
    type: 'pubsub.x',
    version: 'v1',
    kind: pubsubKind,
    component: bound,
    guard,
    observe: undefined,
    close: noClose,
  });
  const publisher = createPublisher(registry, 'shop', noPubsubMetrics, { now: () => 0, id: () => 'made' });
  const operations = [publishEvent(publisher), publishEvents(publisher, 'shop')];
  return { sent, bound, registry, under: { operations, stages: [componentStage(registry, 'shop')] } };
}

const one: RestForm<typeof Dapr.method.publishEvent> = {
  send: ({ pubsubName, topic, data, dataContentType, metadata }) => ({
    method: 'POST',
    url: `/v1.0/publish/${pubsubName}/${topic}?${new URLSearchParams(Object.entries(metadata).map(([k, v]) => [`metadata.${k}`, v]))}`,
    headers: { 'content-type': dataContentType },
    body: Buffer.from(data),
  }),
};

const request = {
  pubsubName: 'broker',
  topic: 'orders/eu',
  data: Buffer.from('{"a":1}'),
  dataContentType: 'application/json',
};

describe('publishing a raw payload without a trace', () => {
  it.each([
    ['HTTP', true, {}],
    ['gRPC', false, { traceid: '', tracestate: '' }],
  ])('gives it the fields of a trace as Dapr does over %s', async (_door, jsonValues, fields) => {
    const { sent, bound, registry } = withBroker();
    const event = { data: Buffer.from('x'), contentType: '', metadata: { rawPayload: 'true' } };
    const call = { headers: {}, signal: new AbortController().signal, trace: undefined, jsonValues };
    await createPublisher(registry, 'shop').publish(bound, 'orders', event, call);
    expect(sent[0]?.metadata).toEqual({ rawPayload: 'true', ...fields });
  });
});

throughBothDoors('publishing an event', (connect) => {
  it('wraps it into a CloudEvent', async () => {
    const { sent, under } = withBroker();
    await connect(under).call(Dapr.method.publishEvent, request, one);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.topic).toBe('orders/eu');
    expect(JSON.parse(sent[0]!.data)).toMatchObject({
      ...{ data: { a: 1 }, id: 'made', source: 'shop', topic: 'orders/eu' },
      ...{ traceid: '', traceparent: '', tracestate: '' },
    });
  });

  it('sends a raw payload as it is', async () => {
    const { sent, under } = withBroker();
    await connect(under).call(Dapr.method.publishEvent, { ...request, metadata: { rawPayload: 'true' } }, one);
    expect(sent[0]?.data).toBe('{"a":1}');
  });

  it('puts the namespace before topics where the component says so', async () => {
    const { sent, under } = withBroker({ consumerID: '{namespace}' });
    await connect(under).call(Dapr.method.publishEvent, request, one);
    expect(sent[0]?.topic).toBe('nsorders/eu');
  });

  it('refuses unknown components, topics out of scope and metadata that makes no sense', async () => {
    const { under } = withBroker({ allowedTopics: 'orders' });
    const client = connect(under);
    const send = (change: object) => client.call(Dapr.method.publishEvent, { ...request, ...change }, one);
    await client.fails(send({ pubsubName: 'other' }), 'pubsub-not-found', 'pubsub other is not found');
    await client.fails(send({ topic: 'secret' }), 'pubsub-forbidden', 'topic secret is not allowed for app id shop');
    const bad = { topic: 'orders', metadata: { rawPayload: 'maybe' } };
    await client.fails(
      send(bad),
      'pubsub-metadata',
      "failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is 'maybe'",
    );
  });

  it('says what the broker said', async () => {
    const { under } = withBroker();
    const client = connect(under);
    const call = client.call(Dapr.method.publishEvent, { ...request, topic: 'full' }, one);
    await client.fails(
      call,
      'pubsub-publish',
      'error when publishing to topic full in pubsub broker: the broker is full',
    );
  });

  it('refuses what says that it is a CloudEvent and is none', async () => {
    const { sent, under } = withBroker();
    const client = connect(under);
    for (const data of ['{oops', '[]', 'null', '1']) {
      const bad = { ...request, dataContentType: 'application/cloudevents+json', data: Buffer.from(data) };
      await client.fails(
        client.call(Dapr.method.publishEvent, bad, one),
        'pubsub-cloud-event',
        'cannot create cloudevent',
      );
    }
    expect(sent).toEqual([]);
  });

  it('tells a retry policy the broker’s code as the caller’s protocol has it', async () => {
    const codes: (number | undefined)[] = [];
    const guard: Guard = (attempt, signal, statusOf) =>
      attempt(signal).catch((thrown: unknown) => {
        codes.push(statusOf?.(thrown));
        throw thrown;
      });
    const { under } = withBroker({}, guard);
    const client = connect(under);
    for (const topic of ['away', 'full']) {
      await client.fails(
        client.call(Dapr.method.publishEvent, { ...request, topic }, one),
        'pubsub-publish',
        `error when publishing to topic ${topic} in pubsub broker: the broker is ${topic}`,
      );
    }
    expect([503, 14]).toContain(codes[0]);
    expect(codes[1]).toBeUndefined();
  });
});

const many: RestForm<typeof Dapr.method.bulkPublishEvent> = {
  send: ({ pubsubName, topic, entries }) => ({
    method: 'POST',
    url: `/v1.0/publish/bulk/${pubsubName}/${topic}`,
    body: entries.map(({ event, ...entry }) => ({ ...entry, event: Buffer.from(event).toString() })),
  }),
};

throughBothDoors('publishing many events', (connect) => {
  const entry = (entryId: string) => ({ entryId, event: Buffer.from(entryId), contentType: 'text/plain' });

  it('wraps each', async () => {
    const { sent, under } = withBroker();
    const entries = ['a', 'b'].map(entry);
    await connect(under).call(Dapr.method.bulkPublishEvent, { pubsubName: 'broker', topic: 't', entries }, many);
    expect(sent.map(({ data }) => JSON.parse(data).data)).toEqual(['a', 'b']);
  });

  it('refuses ids that are missing or come twice', async () => {
    const { under } = withBroker();
    const client = connect(under);
    for (const entries of [[entry('a'), entry('a')], [entry('')]]) {
      const call = client.call(Dapr.method.bulkPublishEvent, { pubsubName: 'broker', topic: 't', entries }, many);
      await client.fails(call, 'pubsub-events', /entryId is duplicated or not present for entry/);
    }
  });
});

describe('publishing many events over HTTP', () => {
  it('lists those that fail', async () => {
    const { under } = withBroker();
    const [{ toReply }] = under.operations[1]!.routes as [AnyRoute];
    const reply = await toReply!({ failedEntries: [{ entryId: 'a', error: 'full' }] } as never, {} as never);
    expect(reply).toMatchObject({ status: 500 });
    expect(JSON.parse(String(reply.body))).toEqual({
      failedEntries: [{ entryId: 'a', error: 'full' }],
      errorCode: 'ERR_PUBSUB_PUBLISH_MESSAGE',
    });
  });
});
