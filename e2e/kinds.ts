import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { chart } from './helm.ts';

/**
 * Tells an API server of our kinds, and waits until it offers them all. Not by `kubectl wait`: to that a definition
 * whose conditions nobody has written yet is an error.
 */
export async function applyKinds(kubectl: (args: string[]) => Promise<string>): Promise<void> {
  const folder = join(chart, 'crds');
  await kubectl(['apply', '--server-side', '-f', folder]);
  const count = (await readdir(folder)).length;
  await eventually('all kinds to be served', async () => {
    const offered = await kubectl(['api-resources', '--api-group=dapr.io', '--output=name']);
    return offered.trim().split('\n').length === count || undefined;
  });
}
