import { randomUUID } from 'node:crypto';
import type { BulkEntry, FailedEntry } from '#contracts/pubsub.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { httpStatusOf } from '../../invoke/status.ts';
import type { Registry } from '../../registry.ts';
import { noPubsubMetrics, type PubsubMetrics } from '../../telemetry/pubsub-metrics.ts';
import type { Context } from '../operation.ts';
import { callTrace } from './call-trace.ts';
import { cloudEvent, type EnvelopeWorld } from './cloud-event.ts';
import { badMetadata, noCloudEvent, publishFailed, topicEmpty, topicForbidden } from './faults.ts';
import { type BoundPubSub, pubsubKind } from './kind.ts';
import { isRawPayload, lifeMs } from './request-metadata.ts';

type Texts = Readonly<Record<string, string>>;
/** What an event needs to know of the call that published it. */
type Call = Pick<Context, 'headers' | 'signal' | 'trace' | 'jsonValues'>;

type Sending = Pick<Call, 'signal' | 'jsonValues'>;

/** An event of an API call. */
export type Event = { data: Uint8Array; contentType: string; metadata: Texts };

/** Publishes for the app: checks its scopes, wraps events, and runs the component's policy. */
export type Publisher = {
  /** Throws the faults of the publish API. */
  publish(bound: BoundPubSub, topic: string, event: Event, call: Call): Promise<void>;
  /** Resolves to the entries that failed. `metadata` is that of the whole request. */
  publishBulk(
    bound: BoundPubSub,
    topic: string,
    entries: readonly (Event & { entryId: string })[],
    metadata: Texts,
    call: Call,
  ): Promise<readonly FailedEntry[]>;
  /** Publishes bytes as they are: for dead letters. */
  forward(bound: BoundPubSub, topic: string, event: Event, signal: AbortSignal): Promise<void>;
};

/** `world` is for tests: the time and the ID of an event that names none. */
export function createPublisher(
  registry: Registry,
  appId: string,
  metrics: PubsubMetrics = noPubsubMetrics,
  world: EnvelopeWorld = { now: Date.now, id: randomUUID },
): Publisher {
  const loaded = registry.of(pubsubKind);
  const guarded = <T>(
    bound: BoundPubSub,
    attempt: (signal: AbortSignal) => Promise<T>,
    { signal, jsonValues: overHttp }: Sending,
  ) => {
    const guard = loaded.get(bound.name)?.guard;
    return guard ? guard(attempt, signal, overHttp ? httpStatus : grpcStatus) : attempt(signal);
  };
  const wrap = (bound: BoundPubSub, topic: string, { data, contentType, metadata }: Event, call: Call) => {
    const life = bound.pubsub.traits.includes('MESSAGE_TTL') ? undefined : lifeMs(metadata);
    const trace = callTrace(call);
    try {
      return cloudEvent(
        { data, contentType, metadata, topic, pubsubName: bound.name, source: appId, trace, lifeMs: life },
        world,
      );
    } catch (thrown) {
      throw noCloudEvent(bound.name, appId, thrown);
    }
  };
  const send = async (
    bound: BoundPubSub,
    topic: string,
    { data, metadata }: Omit<Event, 'contentType'>,
    sending: Sending,
  ) => {
    if (!bound.scopes.mayPublish(topic)) throw topicForbidden(bound.name, topic, appId);
    const request = { pubsubName: bound.name, topic: bound.topicPrefix + topic, data, metadata };
    try {
      await guarded(bound, (attempt) => bound.pubsub.publish(request, attempt), sending);
    } catch (thrown) {
      throw publishFailed(bound.name, topic, thrown);
    }
  };
  return {
    async publish(bound, topic, event, call) {
      const raw = checked(bound, topic, event.metadata);
      const content = raw
        ? { data: event.data, metadata: { ...event.metadata, ...rawTrace(call) } }
        : { data: wrap(bound, topic, event, call), metadata: event.metadata };
      const began = performance.now();
      let success = false;
      try {
        await send(bound, topic, content, call);
        success = true;
      } finally {
        metrics.published(bound.name, topic, success, performance.now() - began);
      }
    },
    async publishBulk(bound, topic, entries, metadata, call) {
      const raw = checked(bound, topic, metadata);
      const wrapped = entries.map((entry): BulkEntry => {
        const event = raw ? entry.data : wrap(bound, topic, entry, call);
        return { entryId: entry.entryId, event, contentType: entry.contentType, metadata: entry.metadata };
      });
      if (!bound.scopes.mayPublish(topic)) throw topicForbidden(bound.name, topic, appId);
      const attempt = (one: AbortSignal) => sendAll(bound, topic, wrapped, metadata, one);
      const began = performance.now();
      let taken = 0;
      try {
        const failed = await guarded(bound, attempt, call);
        taken = wrapped.length - failed.length;
        return failed;
      } finally {
        metrics.publishedBulk(bound.name, topic, taken === wrapped.length, performance.now() - began, taken);
      }
    },
    forward: (bound, topic, event, signal) => send(bound, topic, event, { signal, jsonValues: false }),
  };
}

/** The code of a component's failure, as the caller's protocol has it: a retry policy matches codes of that protocol. */
const grpcStatus = (thrown: unknown) => (thrown instanceof StatusError ? thrown.code : undefined);
const httpStatus = (thrown: unknown) => (thrown instanceof StatusError ? httpStatusOf(thrown.code) : undefined);

/** Whether the payload goes out raw; throws where topic or metadata are wrong. */
function checked(bound: BoundPubSub, topic: string, metadata: Texts): boolean {
  if (topic === '') throw topicEmpty(bound.name, metadata);
  try {
    return isRawPayload(metadata);
  } catch (thrown) {
    throw badMetadata(bound.name, metadata, (thrown as Error).message);
  }
}

async function sendAll(
  bound: BoundPubSub,
  plainTopic: string,
  entries: readonly BulkEntry[],
  metadata: Texts,
  signal: AbortSignal,
): Promise<readonly FailedEntry[]> {
  const { name: pubsubName, pubsub } = bound;
  const topic = bound.topicPrefix + plainTopic;
  if (pubsub.bulkPublish) return await pubsub.bulkPublish({ pubsubName, topic, entries, metadata }, signal);
  const outcomes = await Promise.allSettled(
    entries.map(({ event, contentType, metadata: own = metadata }) =>
      pubsub.publish({ pubsubName, topic, data: event, contentType, metadata: own }, signal),
    ),
  );
  return outcomes.flatMap((outcome, i) =>
    outcome.status === 'fulfilled' ? [] : [{ entryId: entries[i]!.entryId, error: (outcome.reason as Error).message }],
  );
}

/** A raw payload has no envelope for its trace. As in Dapr, callers over gRPC have the fields even where there is none. */
function rawTrace(call: Call): Record<string, string> {
  const { parent, state } = callTrace(call);
  return parent === '' && call.jsonValues ? {} : { traceid: parent, tracestate: state };
}
