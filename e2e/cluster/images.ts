import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { type ImageSource, imageBuilder } from '../images/builder.ts';
import { run } from '../run.ts';
import { binaries } from './binaries.ts';
import type { Plan } from './plan.ts';
import { containerdSocket, pauseImage } from './runtime-config.ts';

export const dnsImage = 'docker.io/outrigger/coredns:1';

/** Puts an image archive into the cluster's node, where the kubelet finds it under the name it carries. */
export async function importArchive(cluster: Plan, archive: string): Promise<void> {
  const address = ['--address', containerdSocket(cluster), '--namespace', 'k8s.io'];
  await run('ctr', [...address, 'images', 'import', archive]);
}

/** Builds and loads the two images without which no pod and no name works. */
export async function importSystemImages(cluster: Plan): Promise<void> {
  await using builder = await imageBuilder();
  const folder = cacheFolder('images');
  await mkdir(folder, { recursive: true });
  const dockerfiles = join(import.meta.dirname, '../images');
  const sources: ImageSource[] = [
    { name: pauseImage, context: await binaries('pause'), dockerfile: join(dockerfiles, 'pause/Dockerfile') },
    { name: dnsImage, context: await binaries('coredns'), dockerfile: join(dockerfiles, 'coredns/Dockerfile') },
  ];
  for (const source of sources) {
    const archive = join(folder, `system-${cluster.id}.tar`);
    await builder.archive(source, archive);
    await importArchive(cluster, archive);
    await rm(archive);
  }
}
