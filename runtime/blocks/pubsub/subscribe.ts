import { create } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import {
  type SubscribeTopicEventsRequestAlpha1,
  type SubscribeTopicEventsResponseAlpha1,
  SubscribeTopicEventsResponseAlpha1Schema,
} from '#proto/dapr/proto/runtime/v1/pubsub_pb.js';
import { defineOperation } from '../operation.ts';
import { pubsubAbsent, topicEmpty } from './faults.ts';

/** What a subscribing app answered to an event: the number of its status. */
export type StreamAnswer = { id: string; status: number };

/** Opens a subscription whose events go onto a stream. */
export type StreamSubscribe = (
  wish: { pubsubName: string; topic: string; metadata: Readonly<Record<string, string>>; deadLetterTopic: string },
  stream: { send(event: SubscribeTopicEventsResponseAlpha1): void; signal: AbortSignal },
) => Promise<{ answered(answer: StreamAnswer): void; closed: Promise<void>; close(): Promise<void> }>;

/** Subscribes by a stream of the app's own: events come on it and are answered on it. */
export const subscribeTopicEvents = (subscribe: StreamSubscribe) =>
  defineOperation({
    method: Dapr.method.subscribeTopicEventsAlpha1,
    api: 'subscribe.v1alpha1',
    handle: (requests, { signal }) => serve(requests, subscribe, signal),
  });

async function* serve(
  requests: AsyncIterable<SubscribeTopicEventsRequestAlpha1>,
  subscribe: StreamSubscribe,
  signal: AbortSignal,
): AsyncGenerator<SubscribeTopicEventsResponseAlpha1> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  const initial = first.done ? undefined : first.value.subscribeTopicEventsRequestType;
  if (initial?.case !== 'initialRequest') throw fault('bad-request', 'initial request is required');
  const { pubsubName, topic, metadata, deadLetterTopic = '' } = initial.value;
  if (pubsubName === '') throw pubsubAbsent('');
  if (topic === '') throw topicEmpty(pubsubName, {});

  const waiting: SubscribeTopicEventsResponseAlpha1[] = [];
  let wake = Promise.withResolvers<void>();
  let end: { error?: unknown } | undefined;
  const finish = (error?: unknown) => {
    end ??= error === undefined ? {} : { error };
    wake.resolve();
  };
  const send = (event: SubscribeTopicEventsResponseAlpha1) => {
    waiting.push(event);
    wake.resolve();
  };
  const opened = await subscribe({ pubsubName, topic, metadata, deadLetterTopic }, { send, signal });
  signal.addEventListener('abort', () => finish(), { once: true });
  void opened.closed.then(() => finish());
  void readAnswers(incoming, opened.answered).then(() => finish(), finish);
  try {
    yield create(SubscribeTopicEventsResponseAlpha1Schema, {
      subscribeTopicEventsResponseType: { case: 'initialResponse', value: {} },
    });
    for (;;) {
      yield* waiting.splice(0);
      if (end) break;
      await wake.promise;
      wake = Promise.withResolvers();
    }
    if (end.error !== undefined) throw end.error;
  } finally {
    await opened.close();
  }
}

async function readAnswers(
  incoming: AsyncIterator<SubscribeTopicEventsRequestAlpha1>,
  answered: (answer: StreamAnswer) => void,
): Promise<void> {
  for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
    const { case: kind, value } = next.value.subscribeTopicEventsRequestType;
    if (kind !== 'eventProcessed') throw fault('bad-request', 'duplicate initial request received');
    answered({ id: value.id, status: value.status?.status ?? 0 });
  }
}
