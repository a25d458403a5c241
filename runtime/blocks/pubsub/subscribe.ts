import { create } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import {
  type SubscribeTopicEventsRequestAlpha1,
  type SubscribeTopicEventsResponseAlpha1,
  SubscribeTopicEventsResponseAlpha1Schema,
} from '#proto/dapr/proto/runtime/v1/pubsub_pb.js';
import { defineOperation } from '../operation.ts';

/** What a subscribing app answered to an event: the number of its status. */
export type StreamAnswer = { id: string; status: number };

/** Opens a subscription whose events go onto a stream. */
export type StreamSubscribe = (
  wish: { pubsubName: string; topic: string; metadata: Readonly<Record<string, string>>; deadLetterTopic: string },
  stream: { send(event: SubscribeTopicEventsResponseAlpha1): void; signal: AbortSignal },
) => Promise<{ answered(answer: StreamAnswer): void; closed: Promise<void>; close(): Promise<void> }>;

/** Where streams come to. */
export type StreamSubscriber = {
  subscribe: StreamSubscribe;
  /** Fires when streams that have not said what they want need not say it any more. */
  ending: AbortSignal;
};

/** Subscribes by a stream of the app's own: events come on it and are answered on it. */
export const subscribeTopicEvents = (subscriber: StreamSubscriber) =>
  defineOperation({
    method: Dapr.method.subscribeTopicEventsAlpha1,
    api: 'subscribe.v1alpha1',
    handle: (requests, { signal }) => serve(requests, subscriber, signal),
  });

async function* serve(
  requests: AsyncIterable<SubscribeTopicEventsRequestAlpha1>,
  { subscribe, ending }: StreamSubscriber,
  signal: AbortSignal,
): AsyncGenerator<SubscribeTopicEventsResponseAlpha1> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = await unlessAborted(incoming.next(), ending);
  if (first === undefined) return;
  const initial = first.done ? undefined : first.value.subscribeTopicEventsRequestType;
  if (initial?.case !== 'initialRequest') throw fault('bad-request', 'initial request is required');
  const { pubsubName, topic, metadata, deadLetterTopic = '' } = initial.value;
  if (pubsubName === '') throw fault('bad-request', 'pubsubName is required');
  if (topic === '') throw fault('bad-request', 'topic is required');

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

/** Undefined where the signal fires first. */
async function unlessAborted<T>(awaited: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const aborted = Promise.withResolvers<undefined>();
  const end = () => aborted.resolve(undefined);
  signal.addEventListener('abort', end);
  try {
    return await Promise.race([awaited, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', end);
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
