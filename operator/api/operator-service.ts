import { fault, toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import type { Call } from '#kit/grpc/call.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { Informer } from '#kit/kube/informer.ts';
import type { Logger } from '#kit/log/logger.ts';
import { Operator, type ResourceEventType } from '#proto/dapr/proto/operator/v1/operator_pb.js';
import type { Caches } from '../caches.ts';
import { admits, type DaprResource } from '../resource.ts';
import { authorize } from './authorize.ts';
import { configurationsOf } from './configurations-of.ts';
import { manifestBytes } from './manifest-bytes.ts';
import {
  type Resolve,
  resolveComponent,
  resolveConfiguration,
  resolveHttpEndpoint,
  resolveMcpServer,
  resolveNothing,
  type SecretReader,
} from './secrets.ts';
import { updates } from './updates.ts';

export type OperatorServiceOptions = {
  caches: Caches;
  secrets: SecretReader;
  log: Logger;
  /** Fires when the operator stops: open streams then end with UNAVAILABLE. */
  stopping: AbortSignal;
};

type Manifest = Uint8Array<ArrayBuffer>;
type Event = { manifest: Manifest; type: ResourceEventType };

/** Dapr's API for sidecars in Kubernetes. Failures other than a foreign namespace answer UNKNOWN, as Dapr's do. */
export function operatorService({ caches, secrets, log, stopping }: OperatorServiceOptions): Implementation {
  const list = async (
    kind: Informer<DaprResource>,
    namespace: string,
    resolve: Resolve,
    keep: (resource: DaprResource) => boolean = () => true,
  ): Promise<Manifest[]> => {
    const found = kind.list(namespace).filter(keep);
    const resolved = found.map((resource) => resolve(resource, secrets));
    return (await unknownFault(Promise.all(resolved))).map(manifestBytes);
  };

  const get = async (kind: Informer<DaprResource>, what: string, namespace: string, name: string, resolve: Resolve) => {
    const resource = kind.get(`${namespace}/${name}`);
    if (!resource) throw unknown(`error getting ${what} ${namespace}/${name}: not found`);
    return manifestBytes(await unknownFault(resolve(resource, secrets)));
  };

  async function* stream(
    kind: Informer<DaprResource>,
    request: { namespace: string },
    call: Call,
    resolve: Resolve = resolveNothing,
    concerning?: (appId: string) => (resource: DaprResource) => boolean,
  ): AsyncGenerator<Event, void, void> {
    const { namespace } = request;
    const { appId } = authorize(call.peer, namespace);
    const { signal } = call;
    call.sendHeaders();
    const concerns = concerning?.(appId);
    for await (const update of updates({
      informer: kind,
      namespace,
      appId,
      signal,
      stopping,
      ...(concerns && { concerns }),
    })) {
      try {
        yield { manifest: manifestBytes(await resolve(update.resource, secrets)), type: update.type };
      } catch (thrown) {
        // The sidecar lists again when its stream ends, and is told of the reason there.
        log.warn(
          `Ended an update stream of ${namespace}/${appId}: ${update.resource.metadata.name}: ${toFault(thrown).message}`,
        );
        return;
      }
    }
  }

  return implement(Operator, {
    async listComponents({ namespace }, { peer }) {
      const { appId } = authorize(peer, namespace);
      return { components: await list(caches.components, namespace, resolveComponent, (it) => admits(it, appId)) };
    },
    async *componentUpdate(request, call) {
      for await (const { manifest, type } of stream(caches.components, request, call, resolveComponent))
        yield { component: manifest, type };
    },

    async getConfiguration({ namespace, name }, { peer }) {
      authorize(peer, namespace);
      const manifest = await get(caches.configurations, 'configuration', namespace, name, resolveConfiguration);
      return { configuration: manifest };
    },
    async *configurationUpdate(request, call) {
      const concerning = (appId: string) => configurationsOf(caches.pods, request.namespace, appId);
      const events = stream(caches.configurations, request, call, resolveConfiguration, concerning);
      for await (const { manifest, type } of events) yield { configuration: manifest, type };
    },

    async getResiliency({ namespace, name }, { peer }) {
      authorize(peer, namespace);
      return { resiliency: await get(caches.resiliencies, 'resiliency', namespace, name, resolveNothing) };
    },
    async listResiliency({ namespace }, { peer }) {
      authorize(peer, namespace);
      return { resiliencies: await list(caches.resiliencies, namespace, resolveNothing) };
    },
    async *resiliencyUpdate(request, call) {
      for await (const { manifest, type } of stream(caches.resiliencies, request, call))
        yield { resiliency: manifest, type };
    },

    async listSubscriptions() {
      throw fault('permission-denied', 'identity does not match requested namespace');
    },
    async listSubscriptionsV2({ namespace }, { peer }) {
      authorize(peer, namespace);
      return { subscriptions: await list(caches.subscriptions, namespace, resolveNothing) };
    },
    async *subscriptionUpdate(request, call) {
      for await (const { manifest, type } of stream(caches.subscriptions, request, call))
        yield { subscription: manifest, type };
    },

    async listHTTPEndpoints({ namespace }, { peer }) {
      authorize(peer, namespace);
      return { httpEndpoints: await list(caches.httpEndpoints, namespace, resolveHttpEndpoint) };
    },
    async *hTTPEndpointUpdate(request, call) {
      for await (const { manifest, type } of stream(caches.httpEndpoints, request, call, resolveHttpEndpoint))
        yield { httpEndpoints: manifest, type };
    },

    async listMCPServers({ namespace }, { peer }) {
      authorize(peer, namespace);
      return { mcpServers: await list(caches.mcpServers, namespace, resolveMcpServer) };
    },
    async *mCPServerUpdate(request, call) {
      for await (const { manifest, type } of stream(caches.mcpServers, request, call, resolveMcpServer))
        yield { mcpServer: manifest, type };
    },

    async listWorkflowAccessPolicy({ namespace }, { peer }) {
      authorize(peer, namespace);
      return { policies: await list(caches.workflowAccessPolicies, namespace, resolveNothing) };
    },
    async *workflowAccessPolicyUpdate(request, call) {
      for await (const { manifest, type } of stream(caches.workflowAccessPolicies, request, call))
        yield { policy: manifest, type };
    },
  });
}

const unknown = (message: string, cause?: unknown) => new StatusError(grpcCode.UNKNOWN, message, [], cause);

async function unknownFault<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw unknown(toFault(thrown).message, thrown);
  }
}
