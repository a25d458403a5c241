import process from 'node:process';
import { cacheFolder } from './cache.ts';
import { adminKubeconfig, clusterUp } from './cluster/cluster.ts';
import { loadImages } from './cluster/load-images.ts';
import { imageBuilder } from './images/builder.ts';
import { bundle, catalogue, type ImageName } from './images/catalogue.ts';
import { type Kubectl, kubectlFor } from './kubectl.ts';
import type { Progress } from './progress.ts';

/** The cluster that the demo and the stories use, with every image where its nodes find it. */
export interface Target {
  kubeconfig: string;
  kubectl: Kubectl;
  /** Names of the images, tag included. */
  images: Record<ImageName, string>;
}

/** The state folder of the project's own cluster. */
export const clusterFolder = (): string => process.env['OUTRIGGER_CLUSTER'] || cacheFolder('cluster');

/**
 * The user's own cluster when both `KUBECONFIG` and `REGISTRY` are set, else
 * the project's, started if need be.
 */
export async function target(progress: Progress): Promise<Target> {
  const { KUBECONFIG, REGISTRY } = process.env;
  const own = !KUBECONFIG || KUBECONFIG === adminKubeconfig(clusterFolder());
  if (own) return ownTarget(progress);
  if (!REGISTRY) {
    throw new Error(
      'KUBECONFIG names a cluster, so REGISTRY has to name a registry its nodes pull from (as in ghcr.io/me); ' +
        'unset KUBECONFIG to use a cluster of the project itself',
    );
  }
  return foreignTarget(KUBECONFIG, REGISTRY, progress);
}

async function ownTarget(progress: Progress): Promise<Target> {
  const cluster = await clusterUp(clusterFolder(), progress);
  const sources = await progress.step('bundle the binaries', async () => {
    await bundle();
    return catalogue('docker.io/outrigger');
  });
  await progress.step(
    'build the images and load them into the node',
    () => loadImages(cluster, Object.values(sources)),
    (made) => `${made} of ${Object.keys(sources).length} were new`,
  );
  return { kubeconfig: cluster.kubeconfig, kubectl: await kubectlFor(cluster.kubeconfig), images: names(sources) };
}

async function foreignTarget(kubeconfig: string, registry: string, progress: Progress): Promise<Target> {
  const sources = await progress.step('bundle the binaries', async () => {
    await bundle();
    return catalogue(registry);
  });
  await progress.step(`build the images and push them to ${registry}`, async () => {
    await using builder = await imageBuilder();
    for (const source of Object.values(sources)) await builder.push(source);
  });
  return { kubeconfig, kubectl: await kubectlFor(kubeconfig), images: names(sources) };
}

const names = (sources: Record<ImageName, { name: string }>): Record<ImageName, string> =>
  Object.fromEntries(Object.entries(sources).map(([key, { name }]) => [key, name])) as Record<ImageName, string>;
