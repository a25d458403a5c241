import { mcpServer } from '#crds/mcp-server.ts';
import { workflowAccessPolicy } from '#crds/workflow-access-policy.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { KubeMetrics } from '#kit/kube/metrics.ts';
import { daprResources } from '#kit/kube/resource.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { SecretReader } from '../api/secrets.ts';
import type { Caches } from '../caches.ts';
import type { DaprResource } from '../resource.ts';
import { acceptConfiguration } from '../status/accept-configuration.ts';
import { acceptSchema } from '../status/accept-schema.ts';
import { referencesOfConfiguration, referencesOfMcpServer } from '../status/secret-references.ts';
import { type Look, startConditions } from './conditions.ts';
import { withSecrets } from './with-secrets.ts';

export type AcceptedOptions = {
  client: Pick<KubeClient, 'patch'>;
  caches: Pick<Caches, AcceptedKind>;
  secrets: SecretReader;
  log: Logger;
  metrics?: KubeMetrics;
  signal: AbortSignal;
  clock?: Clock;
};

type AcceptedKind = 'configurations' | 'mcpServers' | 'workflowAccessPolicies';

/** Keeps Accepted of every Configuration, MCPServer and WorkflowAccessPolicy, and SecretsResolved of the first two. */
export function startAccepted({ caches, secrets, metrics, ...common }: AcceptedOptions): AsyncDisposable {
  const looks: Record<AcceptedKind, (object: DaprResource) => Look | Promise<Look>> = {
    configurations: (object) =>
      withSecrets({ findings: [acceptConfiguration(object)] }, referencesOfConfiguration(object), object, secrets),
    mcpServers: (object) =>
      withSecrets({ findings: [acceptSchema(mcpServer, object)] }, referencesOfMcpServer(object), object, secrets),
    workflowAccessPolicies: (object) => ({ findings: [acceptSchema(workflowAccessPolicy, object)] }),
  };
  const stack = new AsyncDisposableStack();
  for (const [name, look] of Object.entries(looks) as [AcceptedKind, (typeof looks)[AcceptedKind]][]) {
    const resource = daprResources[name];
    const queue = metrics && { metrics: metrics.queue(resource.plural) };
    stack.use(startConditions({ ...common, ...queue, resource, informer: caches[name], look }));
  }
  return stack;
}
