import { type Fault, type FaultDetail, fault } from '#kit/errors/fault.ts';
import type { FaultKey } from '#kit/errors/table.ts';
import { errorInfo } from '../details.ts';

type Texts = Readonly<Record<string, string>>;

function pubsubFault(
  key: FaultKey,
  name: string,
  message: string,
  reason: string,
  metadata: Texts = {},
  cause?: unknown,
): Fault {
  const resource: FaultDetail = {
    kind: 'resource-info',
    resourceType: 'pubsub',
    resourceName: name,
    owner: '',
    description: message,
  };
  return fault(key, message, {
    details: [resource, errorInfo(reason, metadata)],
    ...(cause !== undefined && { cause }),
  });
}

/** No component of that name. */
export const pubsubAbsent = (name: string): Fault =>
  name === ''
    ? pubsubFault('pubsub-name-empty', name, 'pubsub name is empty', 'DAPR_PUBSUB_NAME_EMPTY')
    : fault('pubsub-not-found', `pubsub ${name} is not found`, { details: [errorInfo('DAPR_PUBSUB_NOT_FOUND')] });

export const topicEmpty = (name: string, metadata: Texts): Fault =>
  pubsubFault('pubsub-topic-empty', name, `topic is empty in pubsub ${name}`, 'DAPR_PUBSUB_TOPIC_NAME_EMPTY', metadata);

export const badMetadata = (name: string, metadata: Texts, why: string): Fault =>
  pubsubFault(
    'pubsub-metadata',
    name,
    `failed deserializing metadata. Error: ${why}`,
    'DAPR_PUBSUB_METADATA_DESERIALIZATION',
    metadata,
  );

export function topicForbidden(name: string, topic: string, appId: string): Fault {
  const message = `topic ${topic} is not allowed for app id ${appId}`;
  return pubsubFault('pubsub-forbidden', name, message, 'DAPR_PUBSUB_FORBIDDEN', { topic, error: message });
}

export const noCloudEvent = (name: string, appId: string, thrown: unknown): Fault =>
  pubsubFault(
    'pubsub-cloud-event',
    name,
    'cannot create cloudevent',
    'DAPR_PUBSUB_CLOUD_EVENT_CREATION',
    { appID: appId, error: messageOf(thrown) },
    thrown,
  );

export const badEvents = (name: string, topic: string, appId: string, why: string): Fault =>
  pubsubFault(
    'pubsub-events',
    name,
    `error marshaling events to bytes for topic ${topic} pubsub ${name}. error: ${why}`,
    'DAPR_PUBSUB_MARSHAL_EVENTS',
    { appID: appId, error: why },
  );

export const badEnvelope = (name: string, topic: string, appId: string, why: string): Fault =>
  pubsubFault(
    'pubsub-events',
    name,
    `error when marshalling cloud event envelope for topic ${topic} pubsub ${name}: ${why}`,
    'DAPR_PUBSUB_MARSHAL_ENVELOPE',
    { appID: appId, error: why },
  );

export const unreadableEvents = (name: string, topic: string, why: string): Fault =>
  pubsubFault(
    'pubsub-events',
    name,
    `error when unmarshaling the request for topic ${topic} pubsub ${name}: ${why}`,
    'DAPR_PUBSUB_UNMARSHAL_EVENTS',
  );

export function publishFailed(name: string, topic: string, thrown: unknown): Fault {
  const error = messageOf(thrown);
  const message = `error when publishing to topic ${topic} in pubsub ${name}: ${error}`;
  return pubsubFault('pubsub-publish', name, message, 'DAPR_PUBSUB_PUBLISH_MESSAGE', { topic, error }, thrown);
}

const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));
