import { type PubSub, pubsubFeatures } from '#contracts/pubsub.ts';
import { defineKind } from '../kind.ts';
import { pubsubAbsent } from './faults.ts';
import { type TopicScopes, topicScopes } from './scopes.ts';

/** A pub/sub component in use. */
export type BoundPubSub = {
  readonly name: string;
  readonly pubsub: PubSub;
  readonly scopes: TopicScopes;
  /** Stands before each topic in the broker; empty unless the Component's metadata says `{namespace}`. */
  readonly topicPrefix: string;
};

/** Pub/sub components. */
export const pubsubKind = defineKind<PubSub, BoundPubSub>({
  category: 'pubsub',
  metric: undefined,
  policy: 'Pubsub',
  defaults: (appId) => ({ consumerID: appId }),
  bind: (pubsub, { name, metadata, appId, namespaced, namespace }) => ({
    name,
    pubsub,
    scopes: topicScopes(metadata, appId),
    topicPrefix: namespaced ? namespace : '',
  }),
  capabilities: ({ pubsub }) => pubsubFeatures(pubsub),
  absent: (name) => pubsubAbsent(name),
});
