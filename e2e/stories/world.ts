import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApiProxy, startApiProxy } from '../api-proxy.ts';
import { checkout } from '../checkout.ts';
import { type Kubectl, kubectlFor } from '../kubectl.ts';
import { isReadyPod, type Pod } from '../pod.ts';
import type { Target } from '../target.ts';
import { watchUntil } from '../watch.ts';
import { targetFile } from './prepare.ts';

/** A namespace of the story's own on the cluster where the product is installed. */
export interface World {
  readonly target: Target;
  readonly kubectl: Kubectl;
  readonly namespace: string;
  /** Applies the demo's manifests by file name, in the story's namespace. */
  deploy(...files: string[]): Promise<void>;
  /** Applies a manifest written in the story. */
  apply(manifest: string): Promise<void>;
  /** Waits for a pod that `wanted` accepts among those with the label `app=<app>`; ready ones unless told. */
  pod(app: string, wanted?: (pod: Pod) => boolean, timeout?: number): Promise<Pod>;
  /** Waits until `pick` answers for an object below the story's namespace, as in `dapr.io/v1alpha1/components`. */
  watch<T, R>(resource: string, pick: (object: T) => R | undefined, timeout?: number): Promise<R>;
  /** Waits until a Service leads to a ready pod, which is a little after the pod is ready. */
  served(service: string): Promise<void>;
  /** Sends a request to a Service of the story, through the API server. */
  fetch(service: string, path: string, init?: RequestInit): Promise<Response>;
  /** Deletes the namespace. */
  end(): Promise<void>;
}

type EndpointSlice = {
  metadata: { labels?: Record<string, string> };
  endpoints?: readonly { conditions?: { ready?: boolean } }[] | null;
};

/** Makes the story's namespace anew. */
export async function world(story: string): Promise<World> {
  const prepared = JSON.parse(await readFile(targetFile, 'utf8')) as Omit<Target, 'kubectl'>;
  const kubectl = await kubectlFor(prepared.kubeconfig);
  const api = await startApiProxy(prepared.kubeconfig);
  const namespace = `story-${story}`;
  await kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=5m');
  await kubectl('create', 'namespace', namespace);
  return inNamespace({ ...prepared, kubectl }, api, namespace);
}

function inNamespace(target: Target, api: ApiProxy, namespace: string): World {
  const { kubectl, images } = target;
  const values = { SHOP_IMAGE: images.shop, REDIS_IMAGE: images.redis };
  const apply = async (manifest: string): Promise<void> => {
    await kubectl.apply(manifest, { namespace, values });
  };
  return {
    target,
    kubectl,
    namespace,
    apply,
    async deploy(...files) {
      for (const file of files) await apply(await readFile(join(checkout, 'demo/manifests', file), 'utf8'));
    },
    pod: (app, wanted = isReadyPod, timeout) =>
      watchUntil<Pod, Pod>(
        api.url,
        `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`,
        ({ type, object }) => (type !== 'DELETED' && wanted(object) ? object : undefined),
        timeout,
      ),
    watch: (resource, pick, timeout) =>
      watchUntil(api.url, inside(resource, namespace), ({ object }) => pick(object as never), timeout),
    async served(service) {
      await watchUntil<EndpointSlice, true>(
        api.url,
        inside('discovery.k8s.io/v1/endpointslices', namespace),
        ({ object }) =>
          object.metadata.labels?.['kubernetes.io/service-name'] === service &&
          object.endpoints?.some(({ conditions }) => conditions?.ready)
            ? true
            : undefined,
      );
    },
    fetch: (service, path, init) =>
      fetch(`${api.url}/api/v1/namespaces/${namespace}/services/${service}/proxy${path}`, init),
    async end() {
      await kubectl('delete', 'namespace', namespace, '--wait=false');
      await api[Symbol.asyncDispose]();
    },
  };
}

function inside(resource: string, namespace: string): string {
  const parts = resource.split('/');
  const [plural, group] = [parts.pop(), parts.join('/')];
  return `${group === 'v1' ? '/api/v1' : `/apis/${group}`}/namespaces/${namespace}/${plural}`;
}
