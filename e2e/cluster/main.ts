/**
 * Starts, stops and shows the test cluster.
 * Usage: node e2e/cluster/main.ts up|down|status|kubeconfig|build
 * `OUTRIGGER_CLUSTER` names another state folder, and so another cluster.
 */
import process from 'node:process';
import { progress } from '../progress.ts';
import { clusterFolder } from '../target.ts';
import { binaries } from './binaries.ts';
import { adminKubeconfig, clusterDown, clusterStatus, clusterUp } from './cluster.ts';

const folder = clusterFolder();
const show = progress(process.stdout);
const say = (line: string): unknown => process.stdout.write(`${line}\n`);

const commands: Record<string, () => Promise<unknown>> = {
  async up() {
    const cluster = await clusterUp(folder, show);
    say(`the cluster is up: export KUBECONFIG=${cluster.kubeconfig}`);
  },
  async down() {
    await show.step('remove the cluster', () => clusterDown(folder));
  },
  async status() {
    const status = await clusterStatus(folder);
    if (status.cluster) {
      const { server } = status.cluster.plan;
      say(`up: ${server}, export KUBECONFIG=${status.cluster.kubeconfig}`);
    } else {
      say(`no cluster to use in ${folder}: ${status.reason}`);
      process.exitCode = 1;
    }
  },
  async kubeconfig() {
    say(adminKubeconfig(folder));
  },
  async build() {
    for (const name of ['kubernetes', 'helm', 'coredns', 'pause'] as const) await binaries(name, show);
  },
};

const command = commands[process.argv[2] ?? ''];
if (!command) {
  process.stderr.write(`usage: node e2e/cluster/main.ts ${Object.keys(commands).join('|')}\n`);
  process.exitCode = 2;
} else {
  await command().catch((error: unknown) => {
    process.stderr.write(`cluster: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
