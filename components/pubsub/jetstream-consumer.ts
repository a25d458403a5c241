import {
  AckPolicy,
  type Consumer,
  type ConsumerConfig,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type PushConsumer,
} from '@nats-io/jetstream';
import { createInbox, nanos } from '@nats-io/transport-node';
import { fault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';

/** What a consumer is made of; durations in milliseconds, 0 and undefined for the server's own choice. */
export type ConsumerSettings = {
  streamName?: string | undefined;
  durableName?: string | undefined;
  queueGroupName?: string | undefined;
  startSequence: number;
  startTime?: number | undefined;
  ackWait: number;
  maxDeliver: number;
  backOff: readonly string[];
  maxAckPending: number;
  replicas: number;
  memoryStorage: boolean;
  deliverPolicy: keyof typeof deliverPolicies;
  ackPolicy: keyof typeof ackPolicies;
  flowControl: boolean;
  heartbeat: number;
  rateLimit: number;
};

type Server = { client: JetStreamClient; manager: JetStreamManager };

/** How long a consumer without a name is kept while nobody reads it, so that it outlives a lost connection. */
const keptMs = 60_000;

/**
 * The consumer of a topic, made where there is none. The app asks for its messages; the server sends them unasked where
 * the settings want what only that has, or where the durable consumer was made so, as Dapr's sidecars do.
 */
export async function openConsumer(
  { client, manager }: Server,
  given: ConsumerSettings,
  topic: string,
): Promise<Consumer | PushConsumer> {
  const stream = given.streamName ?? (await streamOf(manager, topic));
  const durable = given.durableName ?? given.queueGroupName;
  const known =
    durable === undefined ? undefined : await manager.consumers.info(stream, durable).catch(() => undefined);
  const { filter_subject: reads = topic } = known?.config ?? {};
  if (reads !== topic) {
    const problem = `the durable consumer "${durable}" reads "${reads}", not "${topic}"`;
    throw fault(
      'invalid-metadata',
      `jetstream: ${problem}: each topic needs a Component with a name of its own for it`,
    );
  }
  if (known?.config.deliver_subject !== undefined) return client.consumers.getPushConsumer(stream, known.name);
  const pushed = known === undefined && (given.flowControl || given.heartbeat > 0 || given.rateLimit > 0);
  const config = { ...configOf(given, topic, durable), ...(pushed && pushOf(given, durable)) };
  const { name } = await manager.consumers.add(stream, config);
  return pushed ? client.consumers.getPushConsumer(stream, name) : client.consumers.get(stream, name);
}

async function streamOf(manager: JetStreamManager, topic: string): Promise<string> {
  return manager.streams.find(topic).catch((cause) => {
    throw fault('not-found', `jetstream: no stream has the subject "${topic}": make one, or set streamName`, { cause });
  });
}

const ackPolicies = { explicit: AckPolicy.Explicit, all: AckPolicy.All, none: AckPolicy.None } as const;
const deliverPolicies = {
  all: DeliverPolicy.All,
  last: DeliverPolicy.Last,
  new: DeliverPolicy.New,
  sequence: DeliverPolicy.StartSequence,
  time: DeliverPolicy.StartTime,
} as const;

function configOf(given: ConsumerSettings, topic: string, durable: string | undefined): Partial<ConsumerConfig> {
  return {
    filter_subject: topic,
    ack_policy: ackPolicies[given.ackPolicy],
    deliver_policy: deliverPolicies[given.deliverPolicy],
    ...(durable === undefined ? { inactive_threshold: nanos(keptMs) } : { durable_name: durable }),
    ...(given.startSequence > 0 ? { opt_start_seq: given.startSequence } : {}),
    ...(given.startTime === undefined ? {} : { opt_start_time: new Date(given.startTime * 1_000).toISOString() }),
    ...(given.ackWait > 0 ? { ack_wait: nanos(given.ackWait) } : {}),
    ...(given.maxDeliver > 0 ? { max_deliver: given.maxDeliver } : {}),
    ...(given.backOff.length > 0 ? { backoff: given.backOff.map((pause) => nanos(parseDuration(pause))) } : {}),
    ...(given.maxAckPending > 0 ? { max_ack_pending: given.maxAckPending } : {}),
    ...(given.replicas > 0 ? { num_replicas: given.replicas } : {}),
    ...(given.memoryStorage ? { mem_storage: true } : {}),
  };
}

/** Members that make a durable consumer at the same time must name the same subject. */
function pushOf(given: ConsumerSettings, durable: string | undefined): Partial<ConsumerConfig> {
  return {
    deliver_subject: durable === undefined ? createInbox() : `_INBOX.dapr-${durable}`,
    ...(given.queueGroupName === undefined ? {} : { deliver_group: given.queueGroupName }),
    ...(given.flowControl ? { flow_control: true } : {}),
    ...(given.heartbeat > 0 ? { idle_heartbeat: nanos(given.heartbeat) } : {}),
    ...(given.rateLimit > 0 ? { rate_limit_bps: given.rateLimit } : {}),
  };
}
