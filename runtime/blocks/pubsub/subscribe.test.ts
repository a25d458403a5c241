import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from '#kit/testing/test.ts';
import {
  SubscribeTopicEventsRequestAlpha1Schema,
  SubscribeTopicEventsResponseAlpha1Schema,
} from '#proto/dapr/proto/runtime/v1/pubsub_pb.js';
import { type StreamAnswer, type StreamSubscribe, subscribeTopicEvents } from './subscribe.ts';

const request = (value: object) =>
  create(SubscribeTopicEventsRequestAlpha1Schema, { subscribeTopicEventsRequestType: value as never });
const initial = (value: object) => request({ case: 'initialRequest', value });

/** Serves one stream; events are sent by hand and answers are noted. */
function stream(requests: AsyncIterable<unknown>, ending = new AbortController().signal) {
  const answers: StreamAnswer[] = [];
  let closed = 0;
  const sent = Promise.withResolvers<(id: string) => void>();
  const subscribe: StreamSubscribe = async (_, { send }) => {
    sent.resolve((id) => {
      const value = { case: 'eventMessage', value: { id } } as const;
      send(create(SubscribeTopicEventsResponseAlpha1Schema, { subscribeTopicEventsResponseType: value }));
    });
    return {
      answered: (one) => void answers.push(one),
      closed: new Promise(() => {}),
      close: async () => void closed++,
    };
  };
  const context = {
    signal: new AbortController().signal,
    headers: {},
    component: undefined,
    jsonValues: false,
    trace: undefined,
  };
  const responses = subscribeTopicEvents({ subscribe, ending }).handle(requests as never, context) as AsyncIterable<{
    subscribeTopicEventsResponseType: { case: string };
  }>;
  return { responses, answers, sent: sent.promise, closed: () => closed };
}

describe('a subscription by stream', () => {
  it('answers the first request, sends events and takes answers, and closes with the stream', async () => {
    const go = Promise.withResolvers<void>();
    async function* requests() {
      yield initial({ pubsubName: 'broker', topic: 'orders' });
      await go.promise;
      yield request({ case: 'eventProcessed', value: { id: 'e1', status: { status: 1 } } });
    }
    const { responses, answers, sent, closed } = stream(requests());
    const kinds: string[] = [];
    for await (const response of responses) {
      kinds.push(response.subscribeTopicEventsResponseType.case);
      if (kinds.length === 1) (await sent)('e1');
      else go.resolve();
    }
    expect(kinds).toEqual(['initialResponse', 'eventMessage']);
    expect(answers).toEqual([{ id: 'e1', status: 1 }]);
    expect(closed()).toBe(1);
  });

  it('ends with the sidecar when it has not said what it wants', async () => {
    async function* requests(): AsyncGenerator<unknown> {
      await new Promise(() => {});
    }
    const end = new AbortController();
    const next = stream(requests(), end.signal).responses[Symbol.asyncIterator]().next();
    end.abort();
    expect(await next).toMatchObject({ done: true });
  });

  it.each([
    [{ pubsubName: '', topic: 't' }, 'pubsubName is required'],
    [{ pubsubName: 'p', topic: '' }, 'topic is required'],
  ])('refuses %j', async (value, message) => {
    async function* requests() {
      yield initial(value);
    }
    const { responses } = stream(requests());
    await expect(responses[Symbol.asyncIterator]().next()).rejects.toThrow(message);
  });
});
