import { fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import type { Settings } from './settings.ts';

type App = { appId: string; namespace: string };
type Scoped = KubeObject & { scopes?: readonly string[] | null };

/**
 * What the operator gives to the sidecars of an app: the Resiliency resources of its namespace, and the Configuration
 * that the newest of its pods is annotated with. Throws `not-found` where the app has no pod, or its Configuration is
 * not there.
 */
export async function clusterSettings(client: KubeClient, app: App): Promise<Settings> {
  const { appId, namespace } = app;
  const pod = await newestPod(client, app);
  const { items } = await client.list<Scoped>(daprResources.resiliencies, { namespace });
  const resiliencies = items.map((item) => ({ ...item, kind: 'Resiliency' }));
  const name = pod.metadata.annotations?.['dapr.io/config'] || undefined;
  const configuration = name === undefined ? undefined : await configurationOf(client, pod, name);
  const scoped = items.filter(({ scopes }) => !scopes?.length || scopes.includes(appId));
  const parts = [
    ...scoped.map(({ metadata }) => `Resiliency ${metadata.name}`),
    ...(name === undefined ? [] : [`Configuration ${name}`]),
  ];
  return {
    from: `pod ${pod.metadata.name} in namespace ${namespace}: ${parts.join(', ') || 'neither a Resiliency nor a Configuration'}`,
    question: { manifests: { resiliencies, ...(configuration && { configuration }) } },
    appProtocol: pod.metadata.annotations?.['dapr.io/app-protocol'] ?? 'http',
    namespace,
  };
}

async function newestPod(client: KubeClient, { appId, namespace }: App): Promise<KubeObject> {
  const { items } = await client.list(resources.pods, { namespace });
  const created = ({ metadata }: KubeObject) => metadata.creationTimestamp ?? '';
  const [newest] = items
    .filter(({ metadata }) => metadata.annotations?.['dapr.io/app-id'] === appId)
    .sort((a, b) => created(b).localeCompare(created(a)));
  if (newest !== undefined) return newest;
  throw fault(
    'not-found',
    `no pod in namespace ${namespace} is annotated dapr.io/app-id: ${appId}: name its namespace with --namespace`,
  );
}

async function configurationOf(client: KubeClient, { metadata }: KubeObject, name: string): Promise<KubeObject> {
  const { namespace = '' } = metadata;
  const found = await client.get(daprResources.configurations, { namespace, name }).catch((cause) => {
    throw fault(
      'not-found',
      `pod ${metadata.name} names the Configuration ${name} (dapr.io/config), which cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  });
  return { ...found, kind: 'Configuration' };
}
