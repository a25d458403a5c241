import { create, toJson } from '@bufbuild/protobuf';
import { daprVersion } from '#kit/version.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import {
  ActorRuntime_ActorRuntimeStatus,
  type GetMetadataResponse,
  GetMetadataResponseSchema,
  PubsubSubscriptionType,
} from '#proto/dapr/proto/runtime/v1/metadata_pb.js';
import { defineOperation } from '../operation.ts';
import type { ExtendedMetadata } from './extended.ts';
import type { MetadataPart } from './facts.ts';

/** Tells what the sidecar is, has and does. Each block adds its part. */
export const getMetadata = (parts: readonly MetadataPart[], extended: ExtendedMetadata) =>
  defineOperation({
    method: Dapr.method.getMetadata,
    api: 'metadata.v1',
    http: {
      method: 'GET',
      path: '/v1.0/metadata',
      toRequest: () => ({}),
      toReply: (reply) => ({ status: 200, body: JSON.stringify(asJson(create(GetMetadataResponseSchema, reply))) }),
    },
    async handle() {
      const told = Object.assign({}, ...parts.map((part) => part())) as ReturnType<MetadataPart>;
      const { actorRuntime } = told;
      return {
        ...told,
        activeActorsCount: actorRuntime?.activeActors ?? [],
        extendedMetadata: { ...extended.all(), daprRuntimeVersion: daprVersion },
      };
    },
  });

/** The HTTP form, older than the messages: some names differ, rules are flat, empty parts are left out. */
function asJson(reply: GetMetadataResponse): Record<string, unknown> {
  const json = toJson(GetMetadataResponseSchema, reply) as Record<string, unknown>;
  const { activeActorsCount, registeredComponents, extendedMetadata, scheduler: _scheduler, ...same } = json;
  const { actorRuntime, scheduler, subscriptions } = reply;
  return {
    ...same,
    ...(activeActorsCount === undefined ? {} : { actors: activeActorsCount }),
    ...(registeredComponents === undefined ? {} : { components: registeredComponents }),
    ...(extendedMetadata === undefined ? {} : { extended: extendedMetadata }),
    ...(subscriptions.length === 0 ? {} : { subscriptions: subscriptions.map(subscriptionJson) }),
    ...(scheduler === undefined ? {} : { scheduler: { connected_addresses: scheduler.connectedAddresses } }),
    ...(actorRuntime === undefined
      ? {}
      : {
          actorRuntime: {
            ...(json['actorRuntime'] as object),
            runtimeStatus: ActorRuntime_ActorRuntimeStatus[actorRuntime.runtimeStatus],
            hostReady: actorRuntime.hostReady,
          },
        }),
  };
}

function subscriptionJson(subscription: GetMetadataResponse['subscriptions'][number]) {
  const { pubsubName, topic, metadata, rules, deadLetterTopic, type } = subscription;
  const flat = (rules?.rules ?? []).map(({ match, path }) => ({
    ...(match ? { match } : {}),
    ...(path ? { path } : {}),
  }));
  return {
    pubsubname: pubsubName,
    topic,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(flat.length === 0 ? {} : { rules: flat }),
    deadLetterTopic,
    type: PubsubSubscriptionType[type],
  };
}
