import { access } from 'node:fs/promises';
import process from 'node:process';
import { adminKubeconfig, clusterDown } from '#e2e/cluster/cluster.ts';
import { deleteUnusedKinds, uninstallChart } from '#e2e/helm.ts';
import { kubectlFor } from '#e2e/kubectl.ts';
import type { Progress } from '#e2e/progress.ts';
import { clusterFolder } from '#e2e/target.ts';
import { namespace } from './shop.ts';

/** Removes all that the demo made: with a cluster of its own the cluster, else what it put on the user's. */
export async function down(progress: Progress): Promise<void> {
  const folder = clusterFolder();
  const kubeconfig = process.env['KUBECONFIG'];
  if (kubeconfig && kubeconfig !== adminKubeconfig(folder)) {
    const kubectl = await kubectlFor(kubeconfig);
    await progress.step('delete the shop', () =>
      kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=5m'),
    );
    await progress.step('uninstall the chart', () => uninstallChart({ kubeconfig, kubectl }));
    await progress.step('delete the kinds, unless something of them is left', () => deleteUnusedKinds(kubectl));
    return;
  }
  const exists = await access(folder).then(
    () => true,
    () => false,
  );
  if (exists) await progress.step('remove the cluster and everything in it', () => clusterDown(folder));
  else progress.say('there is no cluster of the demo');
}
