import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout } from '../checkout.ts';
import { eventually } from '../eventually.ts';
import { locked } from '../lock.ts';
import { type Progress, silent } from '../progress.ts';
import { run } from '../run.ts';
import { binaries } from './binaries.ts';
import { createCgroups, removeCgroups } from './cgroup.ts';
import { isReady } from './control-plane.ts';
import { isAlive, killDaemon } from './daemon.ts';
import { dnsManifests } from './dns.ts';
import { importSystemImages } from './images.ts';
import { createNetwork, freeSlot, removeNetwork } from './network.ts';
import { type Plan, plan } from './plan.ts';
import {
  clusterCertificates,
  type Daemons,
  kubeconfigOf,
  startContainerd,
  startNode,
  startServers,
} from './servers.ts';
import { type ClusterState, readState, revision, writeState } from './state.ts';

const readyPath = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';

/** A running cluster, for whoever uses it. */
export interface Cluster {
  plan: Plan;
  /** The path of the administrator's kubeconfig. */
  kubeconfig: string;
  state: ClusterState;
}

/** What is known about the cluster of a state folder. */
export type Status = { cluster: Cluster } | { cluster?: undefined; reason: string; exists: boolean };

/** The cluster of `folder`, found when it is healthy and of this checkout, else made anew. */
export function clusterUp(folder: string, progress: Progress = silent): Promise<Cluster> {
  return locked(folder, async () => {
    const found = await clusterStatus(folder);
    if (found.cluster) return found.cluster;
    await requireRoot();
    const bin = await binaries('kubernetes', progress);
    await binaries('coredns', progress);
    if (found.exists) await progress.step(`remove the old cluster: ${found.reason}`, () => remove(folder));
    return create(plan(folder, freeSlot()), bin, progress);
  });
}

/** Stops every process of the cluster and deletes what it had, its folder last. */
export function clusterDown(folder: string): Promise<void> {
  return locked(folder, () => remove(folder));
}

/** Tells whether the cluster can be used as it is. */
export async function clusterStatus(folder: string): Promise<Status> {
  const state = await readState(folder);
  if (!state) return { reason: 'there is none', exists: await exists(folder) };
  const cluster = { plan: plan(folder, state.slot), kubeconfig: adminKubeconfig(folder), state };
  const dead = Object.entries(state.daemons).find(([, daemon]) => !isAlive(daemon));
  const replaced = (reason: string): Status => ({ reason, exists: true });
  if (!state.complete) return replaced('it never came up');
  if (dead) return replaced(`its ${dead[0]} has ended`);
  if (state.checkout !== checkout) return replaced(`it belongs to ${state.checkout}`);
  if (state.revision !== revision()) return replaced('it was made by another version of e2e/cluster');
  const pki = (name: string): string => join(folder, 'pki', name);
  const admin = { cert: pki('admin.crt'), key: pki('admin.key') };
  if (!(await isReady(cluster.plan.server, pki('ca.crt'), admin))) return replaced('its API server does not answer');
  return { cluster };
}

async function create(cluster: Plan, bin: string, progress: Progress): Promise<Cluster> {
  const { folder } = cluster;
  await mkdir(join(folder, 'logs'), { recursive: true });
  await mkdir(cluster.run, { recursive: true });
  const state: ClusterState = {
    slot: cluster.slot,
    checkout,
    revision: revision(),
    daemons: {},
    complete: false,
    images: [],
  };
  const started = async (daemons: Daemons): Promise<void> => {
    Object.assign(state.daemons, daemons);
    await writeState(folder, state);
  };
  await writeState(folder, state);
  await createCgroups(cluster.cgroup);
  await createNetwork(cluster);
  const certificates = await clusterCertificates(cluster);
  await progress.step('start etcd, the API server, controllers and scheduler', async () =>
    started(await startServers(cluster, bin, certificates)),
  );
  const kubeconfig = await kubeconfigOf(cluster, certificates, 'admin', certificates.admin);
  await progress.step('start containerd and load the pause and DNS images', async () => {
    await started(await startContainerd(cluster));
    await importSystemImages(cluster);
  });
  const kubectl = (args: string[], input?: string): Promise<string> =>
    run(join(bin, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], input === undefined ? {} : { input });
  await progress.step('start the node: kubelet, kube-proxy, CoreDNS', async () => {
    await started(await startNode(cluster, bin, certificates));
    await eventually(
      `the node (logs: ${join(folder, 'logs')})`,
      async () => ((await kubectl(['get', 'node', cluster.node, '-o', readyPath])) === 'True' ? true : undefined),
      { alive: () => Object.values(state.daemons).every(isAlive) },
    );
    await kubectl(['apply', '-f', '-'], dnsManifests(cluster));
    await kubectl(['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=5m']);
  });
  state.complete = true;
  await writeState(folder, state);
  return { plan: cluster, kubeconfig, state };
}

async function remove(folder: string): Promise<void> {
  const state = await readState(folder);
  const cluster = plan(folder, state?.slot ?? 0);
  // The kubelet first, or it would restart what the others leave.
  const order = ['kubelet', 'kube-proxy', 'kube-controller-manager', 'kube-scheduler', 'kube-apiserver', 'etcd'];
  for (const name of [...order, 'containerd']) {
    const daemon = state?.daemons[name];
    if (daemon) await killDaemon(daemon);
  }
  await removeCgroups(cluster.cgroup);
  await unmountBelow(cluster.run);
  await unmountBelow(folder);
  await removeNetwork(cluster);
  await rm(cluster.run, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Deepest mounts first, so that each is free when its turn comes. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse()) {
    await run('umount', ['--lazy', mount]);
  }
}

async function requireRoot(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('a cluster needs root: run this with sudo, or name one by KUBECONFIG');
}

export const adminKubeconfig = (folder: string): string => join(folder, 'admin.kubeconfig');

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
