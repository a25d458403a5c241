import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { checkout } from './checkout.ts';
import { command } from './command.ts';
import type { Kubectl } from './kubectl.ts';
import { run } from './run.ts';
import type { Target } from './target.ts';

/** The chart of the product, and the release and namespace that everything here installs it as. */
export const chart = join(checkout, 'charts/outrigger');
export const release = 'outrigger';
export const systemNamespace = 'outrigger-system';

/** The Deployments that the chart makes. */
export const deployments = {
  operator: 'deployment/dapr-operator',
  sentry: 'deployment/dapr-sentry',
  injector: 'deployment/dapr-sidecar-injector',
} as const;

/** Runs helm against a cluster, with caches of its own. */
export async function helm(kubeconfig: string, ...args: string[]): Promise<string> {
  const program = await command('helm');
  const env = Object.fromEntries(
    ['CACHE', 'CONFIG', 'DATA'].map((name) => [`HELM_${name}_HOME`, cacheFolder('helm-home', name.toLowerCase())]),
  );
  return run(program, ['--kubeconfig', kubeconfig, ...args], { env });
}

/** Installs the chart with the target's images, or upgrades it to them, and waits until all of it is ready. */
export async function installChart(target: Target, ...values: string[]): Promise<string> {
  const [repository = '', tag = ''] = splitTag(target.images.daprd);
  const settings = [`global.registry=${repository.replace(/\/daprd$/, '')}`, `global.tag=${tag}`, ...values];
  // Helm installs the kinds it finds missing, but never changes one that is there.
  await target.kubectl('apply', '--server-side', '--force-conflicts', '-f', join(chart, 'crds'));
  return helm(
    target.kubeconfig,
    ...['upgrade', '--install', release, chart, '--namespace', systemNamespace, '--create-namespace'],
    ...['--wait', '--timeout', '8m'],
    ...settings.flatMap((setting) => ['--set', setting]),
  );
}

/** Removes the release and its namespace, whether or not they are there. */
export async function uninstallChart(target: Pick<Target, 'kubeconfig' | 'kubectl'>): Promise<void> {
  const where = ['--namespace', systemNamespace];
  await helm(target.kubeconfig, 'uninstall', release, ...where, '--ignore-not-found', '--wait', '--timeout', '5m');
  await target.kubectl('delete', 'namespace', systemNamespace, '--ignore-not-found', '--timeout=5m');
}

/** Removes the definitions of the kinds, which helm leaves, where no object of any of them exists. */
export async function deleteUnusedKinds(kubectl: Kubectl): Promise<void> {
  const names = await kubectl('api-resources', '--api-group=dapr.io', '--output=name');
  const kinds = names.split('\n').filter(Boolean);
  if (kinds.length === 0) return;
  const objects = await kubectl('get', kinds.join(','), '--all-namespaces', '--output=name');
  if (objects.trim() === '') await kubectl('delete', 'crd', ...kinds, '--ignore-not-found', '--timeout=5m');
}

const splitTag = (image: string): string[] => [
  image.slice(0, image.lastIndexOf(':')),
  image.slice(image.lastIndexOf(':') + 1),
];
