import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { formatDuration } from '#kit/values/duration.ts';
import { daprVersion } from '#kit/version.ts';
import {
  ActorRuntime_ActorRuntimeStatus,
  type GetMetadataResponseSchema,
} from '#proto/dapr/proto/runtime/v1/metadata_pb.js';
import type { AppConfig } from '../../config.ts';
import type { Registry } from '../../registry.ts';

/** Part of what the metadata API tells, of the moment it is asked. Later parts win over earlier ones. */
export type MetadataPart = () => Exclude<
  MessageInitShape<typeof GetMetadataResponseSchema>,
  MessageShape<typeof GetMetadataResponseSchema>
>;

/** What a sidecar knows of itself without further blocks. */
export function ownFacts(appId: string, app: AppConfig, features: readonly string[]): MetadataPart {
  const { port, protocol, channelAddress, maxConcurrency, health } = app;
  return () => ({
    id: appId,
    runtimeVersion: daprVersion,
    enabledFeatures: [...features],
    appConnectionProperties: {
      port: port ?? 0,
      protocol,
      channelAddress,
      maxConcurrency,
      ...(health === undefined
        ? {}
        : {
            health: {
              healthCheckPath: protocol.startsWith('grpc') ? '' : health.path,
              healthProbeInterval: formatDuration(health.intervalMs),
              healthProbeTimeout: formatDuration(health.timeoutMs),
              healthThreshold: health.threshold,
            },
          }),
    },
    actorRuntime: { runtimeStatus: ActorRuntime_ActorRuntimeStatus.DISABLED, placement: 'placement: disconnected' },
  });
}

/** The components in use, with what they can do. */
export const componentFacts =
  (registry: Registry): MetadataPart =>
  () => ({
    registeredComponents: registry.all().map(({ name, type, version, kind, component }) => ({
      name,
      type,
      version,
      capabilities: [...kind.capabilities(component)],
    })),
  });
