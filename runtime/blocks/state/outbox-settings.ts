import { isTruthy } from '#kit/values/truthy.ts';

/** Where the changes of a state store are published, by its Component's metadata. */
export type OutboxSettings = {
  publishPubsub: string;
  publishTopic: string;
  /** Carries the events between a transaction and their publication. */
  pubsub: string;
  /** An event without its transaction is given up, rather than looked for again. */
  discardWhenMissing: boolean;
};

/**
 * The outbox of a store; undefined where its metadata does not name both the pub/sub component and the topic. Unlike
 * other metadata these names count in their very letters. Source: Dapr `pkg/runtime/pubsub/outbox.go`.
 */
export function outboxSettings(metadata: Readonly<Record<string, string>>): OutboxSettings | undefined {
  const publishPubsub = metadata['outboxPublishPubsub'] ?? '';
  const publishTopic = metadata['outboxPublishTopic'] ?? '';
  if (publishPubsub === '' || publishTopic === '') return undefined;
  return {
    publishPubsub,
    publishTopic,
    pubsub: metadata['outboxPubsub'] || publishPubsub,
    discardWhenMissing: isTruthy(metadata['outboxDiscardWhenMissingState']),
  };
}

/** The topic of events whose transaction may still fail: one of the app's own. */
export const internalTopic = (
  { namespace, appId }: { namespace: string; appId: string },
  { publishTopic }: OutboxSettings,
): string => `${namespace}${appId}${publishTopic}outbox`;
