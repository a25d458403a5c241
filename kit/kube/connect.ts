import { access } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import type { KubeConnection } from './connection.ts';
import { inClusterConnection, isInCluster } from './in-cluster.ts';
import { kubeconfigConnection } from './kubeconfig.ts';

/** Where a connection may come from: `--kubeconfig`, `KUBECONFIG`, the pod's service account, `~/.kube/config`. */
export type ConnectionSource = 'flag' | 'env' | 'in-cluster' | 'home';

/** Dapr's operator asks its flag first; its sentry, injector and sidecar ask the pod first. */
export const flagFirst: readonly ConnectionSource[] = ['flag', 'env', 'in-cluster', 'home'];
/** As above: the pod first. */
export const inClusterFirst: readonly ConnectionSource[] = ['in-cluster', 'flag', 'env', 'home'];

export type ConnectionChoice = {
  order: readonly ConnectionSource[];
  /** Value of `--kubeconfig`; empty when not given. */
  kubeconfig: string;
  env: Readonly<Record<string, string | undefined>>;
};

/**
 * The first connection that the order finds. A named source that does not work is an error, not a reason to try the
 * next. Throws `invalid-config` that lists what was looked for.
 */
export async function connectKube({ order, kubeconfig, env }: ConnectionChoice): Promise<KubeConnection> {
  const home = env.HOME ? path.join(env.HOME, '.kube/config') : '';
  for (const source of order) {
    if (source === 'flag' && kubeconfig !== '') return kubeconfigConnection(kubeconfig);
    if (source === 'env' && env.KUBECONFIG) return kubeconfigConnection(env.KUBECONFIG.split(path.delimiter)[0]!);
    if (source === 'in-cluster' && isInCluster(env)) return inClusterConnection(env);
    if (source === 'home' && home && (await exists(home))) return kubeconfigConnection(home);
  }
  throw fault(
    'invalid-config',
    'no Kubernetes API server to call: not in a pod (KUBERNETES_SERVICE_HOST and _PORT are not set), and neither --kubeconfig, KUBECONFIG nor ~/.kube/config names one',
  );
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
