import { fault } from '#kit/errors/fault.ts';
import { type Attested, type Attestor, type ContainerImage, checkRequest } from './attestor.ts';

/** What is asked of a pod. */
export type PodFacts = {
  serviceAccount: string;
  annotations: Readonly<Record<string, string>>;
  images: readonly ContainerImage[];
};

/** The cluster as the attestor sees it. */
export type Cluster = {
  /** The API server's verdict on a token: the user it is for. Throws `permission-denied` for a bad one. */
  reviewToken(token: string, audiences: readonly string[], signal: AbortSignal): Promise<string>;
  pod(namespace: string, name: string, signal: AbortSignal): Promise<PodFacts | undefined>;
  /** `spec.accessControl.trustDomain` of a Configuration, empty when unset; undefined without the Configuration. */
  trustDomainOf(namespace: string, configuration: string, signal: AbortSignal): Promise<string | undefined>;
};

export type KubernetesAttestorOptions = {
  cluster: Cluster;
  /** Sentry's own SPIFFE ID, the audience of tokens. */
  sentryId: string;
  controlPlaneNamespace: string;
  controlPlaneTrustDomain: string;
};

/** The audience of tokens before Dapr 1.13; reviews name it first. */
const legacyAudience = 'dapr.io/sentry';
const controlPlaneAnnotation = 'dapr.io/control-plane';
const appIdAnnotation = 'dapr.io/app-id';
const configAnnotation = 'dapr.io/config';
const controlPlaneServices = ['operator', 'placement', 'injector', 'sentry', 'scheduler'];

const denied = (message: string) => fault('permission-denied', message);

/**
 * Attests a pod by its service account token: the API server vouches for the token, the token names the pod, and the
 * pod's namespace, service account and annotations must be the caller's. The trust domain comes from the pod's
 * Configuration, never from the request.
 */
export function kubernetesAttestor(options: KubernetesAttestorOptions): Attestor {
  const { cluster, sentryId, controlPlaneTrustDomain } = options;
  return async (request, signal) => {
    checkRequest(request);
    const user = await cluster.reviewToken(request.token, [legacyAudience, sentryId], signal);
    const [kind, , namespace, serviceAccount, ...rest] = user.split(':');
    if (kind !== 'system' || !namespace || !serviceAccount || rest.length > 0)
      throw denied('provided token is not a properly structured service account token');
    const podName = podOf(request.token);
    const pod = await cluster.pod(namespace, podName, signal);
    if (!pod) throw denied(`failed to get pod of identity: there is no pod ${namespace}/${podName}`);
    if (namespace !== request.namespace)
      throw denied(`namespace mismatch: the token is for ${namespace}, the request for ${request.namespace}`);
    if (pod.serviceAccount !== serviceAccount)
      throw denied(`pod service account mismatch: pod ${namespace}/${podName} does not run as ${serviceAccount}`);
    const expected = expectedId(pod, namespace, podName, options.controlPlaneNamespace);
    if (expected.id !== request.id) throw denied(`app-id mismatch. expected: ${expected.id}, received: ${request.id}`);
    const trustDomain = expected.isControlPlane
      ? controlPlaneTrustDomain
      : await appTrustDomain(cluster, namespace, pod, signal);
    return { trustDomain, images: pod.images } satisfies Attested;
  };
}

/** The pod named by a token that the API server has verified; the token is a JWT or, in Dapr's tests, its bare claims. */
function podOf(token: string): string {
  const payload = token.trimStart().startsWith('{')
    ? token
    : Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  try {
    const claims = JSON.parse(payload) as { 'kubernetes.io'?: { pod?: { name?: unknown } } };
    const name = claims['kubernetes.io']?.pod?.name;
    if (typeof name === 'string' && name !== '') return name;
  } catch (cause) {
    throw fault('permission-denied', 'failed to parse Kubernetes token', { cause });
  }
  throw denied('kubernetes.io/pod/name claim is missing from Kubernetes token: use a token bound to the pod');
}

function expectedId(pod: PodFacts, namespace: string, podName: string, controlPlaneNamespace: string) {
  const service = pod.annotations[controlPlaneAnnotation];
  const appId = pod.annotations[appIdAnnotation];
  if (service === undefined) return { id: appId ?? podName, isControlPlane: false };
  if (namespace !== controlPlaneNamespace)
    throw denied(`control plane service in namespace '${namespace}' is not allowed`);
  if (!controlPlaneServices.includes(service)) throw denied(`unknown control plane service '${service}'`);
  if (appId !== undefined)
    throw denied(`control plane service '${podName}' cannot have annotation '${appIdAnnotation}'`);
  return { id: `dapr-${service}`, isControlPlane: true };
}

async function appTrustDomain(
  cluster: Cluster,
  namespace: string,
  pod: PodFacts,
  signal: AbortSignal,
): Promise<string> {
  const name = pod.annotations[configAnnotation];
  if (name === undefined) return 'public';
  const trustDomain = await cluster.trustDomainOf(namespace, name, signal);
  if (trustDomain === undefined) throw denied(`failed to get configuration ${namespace}/${name} of the pod`);
  return trustDomain || 'public';
}
