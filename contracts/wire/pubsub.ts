import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { type Handlers, type Implementation, implement } from '#kit/grpc/service.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import {
  PubSub as PubSubService,
  type PullMessagesRequest,
  type PullMessagesRequestSchema,
  type PullMessagesResponse,
  PullMessagesResponseSchema,
} from '#proto/dapr/proto/components/v1/pubsub_pb.js';
import type { Instances } from '../instances.ts';
import { type MessageHandler, type PubSub, type PubSubTrait, pubsubFeatures } from '../pubsub.ts';
import type { AttachOptions } from './attach.ts';
import { keepOpen, outgoing } from './stream.ts';

const traits = ['MESSAGE_TTL', 'SUBSCRIBE_WILDCARDS', 'BULK_SUBSCRIBE_IMMEDIATE'] as const;

/** The pub/sub service of components.v1, as a pluggable component offers it. */
export function serve(instances: Instances<PubSub>): Implementation[] {
  return [
    implement(PubSubService, {
      async init(request, context) {
        await instances.init(request.metadata?.properties ?? {}, context);
        return {};
      },
      features: async (_, context) => ({ features: pubsubFeatures(instances.of(context)) }),
      async ping(_, context) {
        await instances.of(context).ping?.(context.signal);
        return {};
      },
      async publish(request, context) {
        await instances.of(context).publish(request, context.signal);
        return {};
      },
      async bulkPublish(request, context) {
        const object = instances.of(context);
        if (!object.bulkPublish) throw fault('unimplemented', 'this pub/sub component does not publish in bulk');
        return { failedEntries: [...(await object.bulkPublish(request, context.signal))] };
      },
      pullMessages: (requests, context) => pull(instances.of(context), requests, context.signal),
      ...servePausing(instances),
    }),
  ];
}

function servePausing(instances: Instances<PubSub>): Pick<Handlers<typeof PubSubService>, 'pause' | 'resume'> {
  const unable = () => fault('unimplemented', 'this pub/sub component cannot pause');
  return {
    async pause(_, context) {
      const object = instances.of(context);
      if (!object.pause) throw unable();
      await object.pause(context.signal);
      return {};
    },
    async resume(_, context) {
      const object = instances.of(context);
      if (!object.resume) throw unable();
      await object.resume(context.signal);
      return {};
    },
  };
}

/** One subscription as a stream: topic in, messages out, acknowledgements in. */
async function* pull(
  object: PubSub,
  requests: AsyncIterable<PullMessagesRequest>,
  callSignal: AbortSignal,
): AsyncGenerator<PullMessagesResponse> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = await incoming.next();
  const topic = first.done ? undefined : first.value.topic;
  if (!topic) throw fault('bad-request', 'the first message of PullMessages must name a topic');

  const ended = new AbortController();
  const signal = AbortSignal.any([callSignal, ended.signal]);
  const messages = outgoing<PullMessagesResponse>();
  signal.addEventListener('abort', () => messages.end(), { once: true });
  const unsettled = new Map<string, PromiseWithResolvers<void>>();
  let count = 0;
  const handler: MessageHandler = (message) => {
    const id = String(count++);
    const settled = Promise.withResolvers<void>();
    unsettled.set(id, settled);
    const { topic: topicName, data, contentType = '', metadata } = message;
    messages.push(create(PullMessagesResponseSchema, { id, topicName, data, contentType, metadata: { ...metadata } }));
    return settled.promise;
  };
  const acknowledge = async () => {
    for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
      const { ackMessageId, ackError } = next.value;
      const settled = unsettled.get(ackMessageId);
      unsettled.delete(ackMessageId);
      if (ackError) settled?.reject(new Error(ackError.message));
      else settled?.resolve();
    }
  };
  try {
    await object.subscribe({ topic: topic.name, metadata: topic.metadata }, handler, signal);
    acknowledge().then(
      () => ended.abort(),
      () => ended.abort(),
    );
    yield* messages;
  } finally {
    ended.abort();
    for (const { promise, reject } of unsettled.values()) {
      promise.catch(() => {});
      reject(new Error('the subscription ended before the message was acknowledged'));
    }
  }
}

/** Initialises the component behind a transport and returns it as an object with the features it declares. */
export async function attach(transport: Transport, { properties, log, signal }: AttachOptions): Promise<PubSub> {
  const { method } = PubSubService;
  await transport.unary(method.init, { metadata: { properties: { ...properties } } }, { signal });
  const { features } = await transport.unary(method.features, {}, { signal });
  const pubsub: PubSub = {
    traits: traits.filter((trait: PubSubTrait) => features.includes(trait)),
    async publish(request, signal) {
      const { pubsubName, topic, data, contentType = '', metadata } = request;
      await transport.unary(
        method.publish,
        { pubsubName, topic, data, contentType, metadata: { ...metadata } },
        { signal },
      );
    },
    subscribe: (request, handler, signal) => subscribe(transport, request, handler, { signal, log }),
    ping: async (signal) => void (await transport.unary(method.ping, {}, { signal })),
    pause: async (signal) => void (await transport.unary(method.pause, {}, { signal })),
    resume: async (signal) => void (await transport.unary(method.resume, {}, { signal })),
    async [Symbol.asyncDispose]() {},
  };
  if (!features.includes('BULK_PUBSUB')) return pubsub;
  return Object.assign(pubsub, {
    async bulkPublish({ pubsubName, topic, entries, metadata }, signal) {
      const wired = entries.map((entry) => ({ ...entry, metadata: { ...entry.metadata } }));
      const request = { pubsubName, topic, entries: wired, metadata: { ...metadata } };
      return (await transport.unary(method.bulkPublish, request, { signal })).failedEntries;
    },
  } satisfies Pick<PubSub, 'bulkPublish'>);
}

/** Messages are handled as they come: a component which keeps an order sends the next after the acknowledgement. */
async function subscribe(
  transport: Transport,
  request: { topic: string; metadata?: Readonly<Record<string, string>> | undefined },
  handler: MessageHandler,
  { signal, log }: { signal: AbortSignal; log: AttachOptions['log'] },
): Promise<void> {
  const open = async (alive: () => void) => {
    const answers = outgoing<MessageInitShape<typeof PullMessagesRequestSchema>>();
    answers.push({ topic: { name: request.topic, metadata: { ...request.metadata } } });
    const handle = async ({ id, topicName, data, contentType, metadata }: PullMessagesResponse) => {
      try {
        await handler({ topic: topicName, data, contentType: contentType || undefined, metadata }, signal);
        answers.push({ ackMessageId: id });
      } catch (error) {
        // An ending subscription leaves its messages unsettled, so that none goes to a dead-letter topic by mistake.
        if (signal.aborted) return;
        answers.push({
          ackMessageId: id,
          ackError: { message: error instanceof Error ? error.message : String(error) },
        });
      }
    };
    try {
      for await (const message of transport.bidiStream(PubSubService.method.pullMessages, answers, { signal })) {
        alive();
        void handle(message);
      }
    } finally {
      answers.end();
    }
  };
  void keepOpen(`subscription to topic ${request.topic}`, open, { signal, log });
}
