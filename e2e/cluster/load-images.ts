import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { type ImageSource, imageBuilder } from '../images/builder.ts';
import type { Cluster } from './cluster.ts';
import { importArchive } from './images.ts';
import { writeState } from './state.ts';

/** Builds the images that the cluster's node does not have yet and loads them into it; answers how many. */
export async function loadImages({ plan, state }: Cluster, sources: ImageSource[]): Promise<number> {
  const wanted = sources.filter(({ name }) => !state.images.includes(name));
  if (wanted.length === 0) return 0;
  await using builder = await imageBuilder();
  const folder = cacheFolder('images');
  await mkdir(folder, { recursive: true });
  for (const source of wanted) {
    const archive = join(folder, `${plan.id}.tar`);
    await builder.archive(source, archive);
    await importArchive(plan, archive);
    await rm(archive);
    state.images.push(source.name);
    await writeState(plan.folder, state);
  }
  return wanted.length;
}
