import { fault } from '#kit/errors/fault.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import { Operator } from '#proto/dapr/proto/operator/v1/operator_pb.js';
import type { Caches } from '../caches.ts';
import { admits } from '../resource.ts';
import { configurationsOf } from './configurations-of.ts';
import { resolveComponent, resolveConfiguration, resolveHttpEndpoint, resolveMcpServer } from './secrets.ts';
import { type KindServing, type ServingContext, serveKind } from './serve-kind.ts';

/** `caches` must have synced before a sidecar calls. */
export type OperatorServiceOptions = ServingContext & { caches: Caches };

/**
 * Dapr's API for sidecars in Kubernetes: two or three RPCs a kind, which differ in the field that holds the manifests.
 * Failures other than a foreign namespace answer UNKNOWN, as Dapr's do.
 */
export function operatorService({ caches, ...context }: OperatorServiceOptions): Implementation {
  const { component, configuration, resiliency, subscription, endpoint, mcpServer, policy } = served(caches, context);
  return implement(Operator, {
    listComponents: async (request, call) => ({ components: await component.list(request, call) }),
    componentUpdate: (request, call) =>
      component.changes(request, call, (manifest, type) => ({ component: manifest, type })),

    getConfiguration: async (request, call) => ({ configuration: await configuration.get(request, call) }),
    configurationUpdate: (request, call) =>
      configuration.changes(request, call, (manifest, type) => ({ configuration: manifest, type })),

    getResiliency: async (request, call) => ({ resiliency: await resiliency.get(request, call) }),
    listResiliency: async (request, call) => ({ resiliencies: await resiliency.list(request, call) }),
    resiliencyUpdate: (request, call) =>
      resiliency.changes(request, call, (manifest, type) => ({ resiliency: manifest, type })),

    async listSubscriptions() {
      throw fault('permission-denied', 'identity does not match requested namespace');
    },
    listSubscriptionsV2: async (request, call) => ({ subscriptions: await subscription.list(request, call) }),
    subscriptionUpdate: (request, call) =>
      subscription.changes(request, call, (manifest, type) => ({ subscription: manifest, type })),

    listHTTPEndpoints: async (request, call) => ({ httpEndpoints: await endpoint.list(request, call) }),
    hTTPEndpointUpdate: (request, call) =>
      endpoint.changes(request, call, (manifest, type) => ({ httpEndpoints: manifest, type })),

    listMCPServers: async (request, call) => ({ mcpServers: await mcpServer.list(request, call) }),
    mCPServerUpdate: (request, call) =>
      mcpServer.changes(request, call, (manifest, type) => ({ mcpServer: manifest, type })),

    listWorkflowAccessPolicy: async (request, call) => ({ policies: await policy.list(request, call) }),
    workflowAccessPolicyUpdate: (request, call) =>
      policy.changes(request, call, (manifest, type) => ({ policy: manifest, type })),
  });
}

/** How each kind is served to sidecars. */
function served(caches: Caches, context: ServingContext) {
  const kind = (singular: string, informer: KindServing['informer'], more: Partial<KindServing> = {}) =>
    serveKind({ singular, informer, ...more }, context);
  const concerns = (namespace: string, appId: string) => configurationsOf(caches.pods, namespace, appId);
  return {
    component: kind('component', caches.components, { resolve: resolveComponent, lists: admits }),
    configuration: kind('configuration', caches.configurations, { resolve: resolveConfiguration, concerns }),
    resiliency: kind('resiliency', caches.resiliencies),
    subscription: kind('subscription', caches.subscriptions),
    endpoint: kind('HTTP endpoint', caches.httpEndpoints, { resolve: resolveHttpEndpoint }),
    mcpServer: kind('MCP server', caches.mcpServers, { resolve: resolveMcpServer }),
    policy: kind('workflow access policy', caches.workflowAccessPolicies),
  };
}
