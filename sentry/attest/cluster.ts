import { Fault, fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { type Informer, startInformer } from '#kit/kube/informer.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, type Resource, resources } from '#kit/kube/resource.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { ContainerImage } from './attestor.ts';
import type { Cluster, PodFacts } from './kubernetes.ts';

type Container = { name: string; image?: string };
type ContainerStatus = { name: string; imageID?: string };
type Pod = KubeObject & {
  spec?: { serviceAccountName?: string; containers?: Container[]; initContainers?: Container[] };
  status?: { containerStatuses?: ContainerStatus[]; initContainerStatuses?: ContainerStatus[] };
};
type Configuration = KubeObject & { spec?: { accessControl?: { trustDomain?: string } } };
type TokenReview = { status?: { authenticated?: boolean; error?: string; user?: { username?: string } } };

/**
 * The cluster by way of two informers, which keep only what attestation asks for; an object they do not have yet is
 * asked for by name, since a new pod's request may overtake its event.
 */
export async function openCluster(options: {
  client: KubeClient;
  log: Logger;
  signal: AbortSignal;
}): Promise<Cluster & AsyncDisposable> {
  const { client } = options;
  const pods = startInformer<PodFacts>({
    ...options,
    resource: resources.pods,
    transform: (object) => podFacts(object as Pod),
  });
  const configurations = startInformer<string>({
    ...options,
    resource: daprResources.configurations,
    transform: (object) => trustDomainIn(object as Configuration),
  });
  await Promise.all([pods.synced, configurations.synced]);
  const find = async <T>(
    informer: Informer<T>,
    resource: Resource,
    namespace: string,
    name: string,
    read: (raw: never) => T,
    signal: AbortSignal,
  ) => {
    const held = informer.get(`${namespace}/${name}`);
    if (held !== undefined) return held;
    try {
      return read((await client.get(resource, { namespace, name }, signal)) as never);
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.key === 'not-found') return undefined;
      throw thrown;
    }
  };
  return {
    reviewToken: (token, audiences, signal) => reviewToken(client, token, audiences, signal),
    pod: (namespace, name, signal) => find(pods, resources.pods, namespace, name, podFacts, signal),
    trustDomainOf: (namespace, name, signal) =>
      find(configurations, daprResources.configurations, namespace, name, trustDomainIn, signal),
    async [Symbol.asyncDispose]() {
      await Promise.all([pods[Symbol.asyncDispose](), configurations[Symbol.asyncDispose]()]);
    },
  };
}

async function reviewToken(
  client: Pick<KubeClient, 'create'>,
  token: string,
  audiences: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const review = { spec: { token, audiences } };
  const { status } = await client.create<TokenReview>(resources.tokenReviews, review, undefined, signal);
  if (status?.error) throw fault('permission-denied', `invalid token: ${status.error}`);
  if (!status?.authenticated)
    throw fault('permission-denied', 'authentication failed: the API server does not know the token');
  return status.user?.username ?? '';
}

const trustDomainIn = (configuration: Configuration): string => configuration.spec?.accessControl?.trustDomain ?? '';

function podFacts({ metadata, spec, status }: Pod): PodFacts {
  const containers = [
    ...(spec?.initContainers ?? []).filter(({ name }) => name === 'daprd'),
    ...(spec?.containers ?? []),
  ];
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const images = containers.map(({ name, image = '' }): ContainerImage => {
    const id = statuses.find((one) => one.name === name)?.imageID;
    const digest = /sha256:[0-9a-f]{64}/.exec(id ?? '')?.[0];
    return { role: name === 'daprd' ? 'daprd' : 'app', containerName: name, image, ...(digest && { digest }) };
  });
  const annotations = Object.entries(metadata.annotations ?? {}).filter(([name]) => name.startsWith('dapr.io/'));
  return {
    serviceAccount: spec?.serviceAccountName ?? '',
    annotations: Object.fromEntries(annotations),
    images,
  };
}
