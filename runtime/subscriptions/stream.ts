import { create } from '@bufbuild/protobuf';
import { SubscribeTopicEventsResponseAlpha1Schema } from '#proto/dapr/proto/runtime/v1/pubsub_pb.js';
import type { StreamSubscribe, StreamSubscriber } from '../blocks/pubsub/subscribe.ts';
import { topicEvent } from './grpc-event.ts';
import { NotTaken, type Postman } from './postman.ts';
import { verdictOf } from './postman-grpc.ts';
import { compileRules } from './route.ts';
import type { Opened, Subscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

const drainMs = 5_000;
/** What Dapr says as the path of events on a stream. */
const streamPath = '/';

/** Subscriptions that apps open by streams. */
export type StreamSubscriptions = StreamSubscriber & {
  all(): readonly Subscription[];
  /** Ends them all, or those on some components, when what is under way is done; their clients open them again. */
  closeAll(drainMs: number, of?: ReadonlySet<string>): Promise<void>;
};

type OpenStream = { opened: Opened; end(): void };

/** Each stream of an app is a subscription of its own, for as long as it is open. */
export function createStreamSubscriptions(subscriber: Subscriber): StreamSubscriptions {
  const open = new Map<Subscription, OpenStream>();
  const ending = new AbortController();
  return {
    ending: ending.signal,
    all: () => [...open.keys()],
    async closeAll(drainMs, of) {
      if (of === undefined) ending.abort();
      const those = [...open].filter(([{ pubsubName }]) => of === undefined || of.has(pubsubName));
      await Promise.all(
        those.map(async ([, { opened, end }]) => {
          await opened.close(drainMs);
          end();
        }),
      );
    },
    async subscribe(wish, { send, signal }) {
      const answers = new Map<string, PromiseWithResolvers<number>>();
      const closed = Promise.withResolvers<void>();
      const postman = streamPostman(answers, send);
      const rules = await compileRules([], streamPath);
      const subscription: Subscription = { ...wish, rules, bulk: undefined, origin: 'STREAMING' };
      const opened: Opened = await subscriber.open(subscription, postman);
      open.set(subscription, { opened, end: closed.resolve });
      return {
        closed: closed.promise,
        answered: ({ id, status }) => answers.get(id)?.resolve(status),
        async close() {
          open.delete(subscription);
          await opened.close(signal.aborted ? 0 : drainMs);
          for (const { reject } of answers.values()) reject(new NotTaken('stream closed'));
        },
      };
    },
  };
}

/** Sends events onto the stream and waits for the answers, by the id of the event. */
function streamPostman(
  answers: Map<string, PromiseWithResolvers<number>>,
  send: Parameters<StreamSubscribe>[1]['send'],
): Postman {
  return {
    async deliver(letter, signal) {
      const id = String(letter.event['id'] ?? '');
      const answer = Promise.withResolvers<number>();
      const stop = () => answer.reject(new NotTaken(`event ${id} was not answered in time`));
      signal.addEventListener('abort', stop, { once: true });
      answers.set(id, answer);
      try {
        const value = topicEvent(letter);
        send(
          create(SubscribeTopicEventsResponseAlpha1Schema, {
            subscribeTopicEventsResponseType: { case: 'eventMessage', value },
          }),
        );
        return verdictOf(await answer.promise, id);
      } finally {
        signal.removeEventListener('abort', stop);
        if (answers.get(id) === answer) answers.delete(id);
      }
    },
    deliverBulk: () => Promise.reject(new NotTaken('streams take no bulks')),
  };
}
