import type { Metadata } from './component.ts';

export type PublishRequest = {
  /** metadata.name of the Component. */
  pubsubName: string;
  topic: string;
  data: Uint8Array;
  contentType?: string | undefined;
  metadata?: Metadata | undefined;
};

export type BulkEntry = {
  /** Unique within its request. */
  entryId: string;
  event: Uint8Array;
  contentType: string;
  metadata?: Metadata | undefined;
};

export type BulkPublishRequest = {
  pubsubName: string;
  topic: string;
  entries: readonly BulkEntry[];
  metadata?: Metadata | undefined;
};

export type FailedEntry = { entryId: string; error: string };

export type SubscribeRequest = {
  topic: string;
  /** Of the subscription; `rawPayload` and the like are the runtime's, `consumerID` and the like the component's. */
  metadata?: Metadata | undefined;
};

export type Message = {
  topic: string;
  data: Uint8Array;
  contentType?: string | undefined;
  metadata?: Metadata | undefined;
};

export type BulkMessage = { topic: string; entries: readonly BulkEntry[]; metadata?: Metadata | undefined };

/** Resolving acknowledges; rejecting asks the broker to deliver again. */
export type MessageHandler = (message: Message, signal: AbortSignal) => Promise<void>;

/** The entries that failed; the others are acknowledged. Rejecting fails all. */
export type BulkHandler = (message: BulkMessage, signal: AbortSignal) => Promise<readonly FailedEntry[]>;

/** What an object says of itself; features that are methods follow from having them. */
export type PubSubTrait = 'MESSAGE_TTL' | 'SUBSCRIBE_WILDCARDS' | 'BULK_SUBSCRIBE_IMMEDIATE';
export type PubSubFeature = PubSubTrait | 'BULK_PUBSUB';

/**
 * An opened pub/sub component. How many messages a subscription hands out at once is the component's choice: one that
 * keeps an order waits for each handler to settle.
 */
export type PubSub = AsyncDisposable & {
  readonly traits: readonly PubSubTrait[];
  /** Resolves when the broker has taken the message. */
  publish(request: PublishRequest, signal?: AbortSignal): Promise<void>;
  /** Resolves to the entries that failed. */
  bulkPublish?(request: BulkPublishRequest, signal?: AbortSignal): Promise<readonly FailedEntry[]>;
  /**
   * Resolves when messages flow; rejects if they cannot. The subscription ends when the signal aborts, and reconnects
   * by itself until then.
   */
  subscribe(request: SubscribeRequest, handler: MessageHandler, signal: AbortSignal): Promise<void>;
  bulkSubscribe?(
    request: SubscribeRequest & { maxMessages: number; maxAwaitMs: number },
    handler: BulkHandler,
    signal: AbortSignal,
  ): Promise<void>;
  /** Stops handing out messages of all subscriptions without ending them; `unimplemented` where it cannot. */
  pause?(signal?: AbortSignal): Promise<void>;
  resume?(signal?: AbortSignal): Promise<void>;
  ping?(signal?: AbortSignal): Promise<void>;
};

/** Features by the names that metadata and pluggable components use. */
export function pubsubFeatures(pubsub: PubSub): PubSubFeature[] {
  return pubsub.bulkPublish ? [...pubsub.traits, 'BULK_PUBSUB'] : [...pubsub.traits];
}
