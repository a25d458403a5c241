import { rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { cacheFolder } from '../cache.ts';
import { adminKubeconfig, clusterDown, clusterStatus } from '../cluster/cluster.ts';
import { installChart } from '../helm.ts';
import { progress } from '../progress.ts';
import { clusterFolder, target } from '../target.ts';

/** Where the stories read what was prepared for them. */
export const targetFile = cacheFolder('stories-target.json');

/** Runs once before all stories: brings up the cluster, the images and the product. */
export default async function prepare(): Promise<() => Promise<void>> {
  const show = progress(process.stdout);
  const before = await clusterStatus(clusterFolder());
  const place = await target(show);
  await show.step('helm install outrigger', () => installChart(place));
  await writeFile(targetFile, JSON.stringify({ kubeconfig: place.kubeconfig, images: place.images }));
  const ours = !before.cluster && place.kubeconfig === adminKubeconfig(clusterFolder());
  return async () => {
    await rm(targetFile, { force: true });
    if (ours) await show.step('remove the cluster', () => clusterDown(clusterFolder()));
  };
}
