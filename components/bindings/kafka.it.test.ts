import { openComponent } from '#contracts/component.ts';
import { bindingConformance } from '#contracts/conformance/binding.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type Kafka, startKafka } from '#e2e/kafka.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './kafka.ts';

let server: Kafka;
beforeAll(async () => {
  server = await startKafka();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

let topics = 0;
const open = (metadata: Record<string, string> = {}) => {
  const topic = `events-${++topics}`;
  return openComponent(
    component,
    {
      brokers: server.broker,
      authType: 'none',
      topics: topic,
      publishTopic: topic,
      consumerGroup: topic,
      initialOffset: 'oldest',
      consumeRetryEnabled: 'true',
      ...metadata,
    },
    { name: 'binding', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
};
const data = new TextEncoder().encode('x');

bindingConformance('bindings.kafka', () => open(), {
  cause: async (binding, body) => void (await binding.invoke!({ operation: 'create', data: body })),
  invoke: { operation: 'create', data },
});

describe('bindings.kafka', () => {
  it('hands on the key and the headers of a message', async () => {
    await using binding = await open();
    const got: (Readonly<Record<string, string>> | undefined)[] = [];
    const stop = new AbortController();
    await binding.invoke!({ operation: 'create', data, metadata: { partitionKey: 'k', other: 'o' } });
    await binding.read!(async ({ metadata }) => {
      got.push(metadata);
      return undefined;
    }, stop.signal);
    await eventually(() => expect(got).toHaveLength(1));
    expect(got[0]).toMatchObject({ __key: 'k', __offset: '0', other: 'o' });
    stop.abort();
  });

  it('says that it has nowhere to write to', async () => {
    await using binding = await open({ publishTopic: '' });
    await expect(binding.invoke!({ operation: 'create', data })).rejects.toThrow('publishTopic is missing');
  });
});

const scram = () => ({ brokers: server.guarded, authType: 'password', saslMechanism: 'SHA-256', disableTls: 'true' });
outageConformance('bindings.kafka', {
  server: () => server,
  open: (login) =>
    open({
      dialTimeout: '1s',
      readTimeout: '5s',
      ...(login && { ...scram(), saslUsername: login.user, saslPassword: login.password }),
    }),
  use: (binding) => binding.invoke!({ operation: 'create', data }),
});
