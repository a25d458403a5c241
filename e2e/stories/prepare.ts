import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { adminKubeconfig, clusterDown, clusterStatus } from '../cluster/cluster.ts';
import { installChart } from '../helm.ts';
import { progress } from '../progress.ts';
import { clusterFolder, target } from '../target.ts';

/** Where the stories of this run read what was prepared for them. */
export const targetFile = join(clusterFolder(), 'stories-target.json');

/** The runner hands nothing from its set-up to its tear-down but the global object of their common process. */
export type Prepared = { endStories?: () => Promise<void> };

/** Runs once before all stories: brings up the cluster, the images and the product. */
export default async function prepare(): Promise<void> {
  const show = progress(process.stdout);
  const before = await clusterStatus(clusterFolder());
  const place = await target(show);
  await show.step('helm install outrigger', () => installChart(place));
  await mkdir(clusterFolder(), { recursive: true });
  await writeFile(targetFile, JSON.stringify({ kubeconfig: place.kubeconfig, images: place.images }));
  const ours = !before.cluster && place.kubeconfig === adminKubeconfig(clusterFolder());
  (globalThis as Prepared).endStories = async () => {
    await rm(targetFile, { force: true });
    if (ours) await show.step('remove the cluster', () => clusterDown(clusterFolder()));
  };
}
