import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { run } from '../run.ts';
import { apiServerArguments, etcdArguments } from './arguments.ts';
import type { KeyPair } from './authority.ts';
import { isReady, serverCertificates } from './control-plane.ts';
import { type Daemon, isAlive, startDaemon } from './daemon.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Plan } from './plan.ts';
import { containerdSocket, writeContainerdConfig, writeKubeletConfig } from './runtime-config.ts';

export type Daemons = Record<string, Daemon>;

type Certificates = Awaited<ReturnType<typeof serverCertificates>>;

/** The certificates of a cluster's API server and every kubeconfig made from them. */
export async function clusterCertificates(cluster: Plan): Promise<Certificates> {
  const apiAddress = cluster.serviceCidr.replace(/\.0\/\d+$/, '.1');
  return serverCertificates(join(cluster.folder, 'pki'), [
    cluster.link.nodeAddress,
    apiAddress,
    '127.0.0.1',
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]);
}

/** Writes `<user>.kubeconfig` into the state folder and returns its path. */
export async function kubeconfigOf(cluster: Plan, { ca }: Certificates, user: string, pair: KeyPair): Promise<string> {
  return writeKubeconfig(join(cluster.folder, `${user.split(':').at(-1)}.kubeconfig`), {
    server: cluster.server,
    ca,
    user,
    pair,
  });
}

/** etcd, the API server, the controllers and the scheduler. */
export async function startServers(cluster: Plan, bin: string, certificates: Certificates): Promise<Daemons> {
  const { folder } = cluster;
  const etcd = await startDaemon(
    cluster,
    'etcd',
    'etcd',
    etcdArguments({
      data: join(folder, 'etcd'),
      clientUrl: 'http://127.0.0.1:2379',
      peerUrl: 'http://127.0.0.1:2380',
    }),
  );
  const apiserver = await startDaemon(
    cluster,
    'kube-apiserver',
    join(bin, 'kube-apiserver'),
    apiServerArguments({
      etcdUrl: 'http://127.0.0.1:2379',
      address: cluster.link.nodeAddress,
      port: cluster.port,
      certificates,
      serviceCidr: cluster.serviceCidr,
      withoutControllers: false,
    }),
  );
  await eventually(
    `kube-apiserver (log: ${join(folder, 'logs/kube-apiserver.log')})`,
    () => isReady(cluster.server, certificates.ca, certificates.admin),
    { alive: () => isAlive(apiserver) },
  );
  const client = async (user: string) =>
    kubeconfigOf(cluster, certificates, user, await certificates.issue(user, { user }));
  const controllers = await startDaemon(cluster, 'kube-controller-manager', join(bin, 'kube-controller-manager'), [
    `--kubeconfig=${await client('system:kube-controller-manager')}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--use-service-account-credentials',
    `--root-ca-file=${certificates.ca}`,
    `--service-account-private-key-file=${certificates.serviceAccountKey}`,
    `--cluster-signing-cert-file=${certificates.ca}`,
    `--cluster-signing-key-file=${join(folder, 'pki/ca.key')}`,
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    '--terminated-pod-gc-threshold=100',
  ]);
  const scheduler = await startDaemon(cluster, 'kube-scheduler', join(bin, 'kube-scheduler'), [
    `--kubeconfig=${await client('system:kube-scheduler')}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
  ]);
  return { etcd, 'kube-apiserver': apiserver, 'kube-controller-manager': controllers, 'kube-scheduler': scheduler };
}

/** The container runtime, which answers before images are loaded into it. */
export async function startContainerd(cluster: Plan): Promise<Daemons> {
  const containerd = await startDaemon(cluster, 'containerd', 'containerd', [
    '--config',
    await writeContainerdConfig(cluster),
  ]);
  await eventually(
    `containerd (log: ${join(cluster.folder, 'logs/containerd.log')})`,
    () => run('ctr', ['--address', containerdSocket(cluster), 'version']),
    { alive: () => isAlive(containerd) },
  );
  return { containerd };
}

/** The kubelet and the Service proxy: what makes a machine a node. */
export async function startNode(cluster: Plan, bin: string, certificates: Certificates): Promise<Daemons> {
  const user = `system:node:${cluster.node}`;
  const pair = await certificates.issue('kubelet', { user, groups: ['system:nodes'] });
  const kubelet = await startDaemon(cluster, 'kubelet', join(bin, 'kubelet'), [
    `--config=${await writeKubeletConfig(cluster, certificates.ca)}`,
    `--kubeconfig=${await kubeconfigOf(cluster, certificates, user, pair)}`,
    `--root-dir=${join(cluster.folder, 'kubelet')}`,
    `--cert-dir=${join(cluster.folder, 'kubelet-pki')}`,
    `--hostname-override=${cluster.node}`,
    `--node-ip=${cluster.link.nodeAddress}`,
  ]);
  const proxyUser = 'system:kube-proxy';
  const proxyPair = await certificates.issue('kube-proxy', { user: proxyUser });
  const proxy = await startDaemon(cluster, 'kube-proxy', join(bin, 'kube-proxy'), [
    `--kubeconfig=${await kubeconfigOf(cluster, certificates, proxyUser, proxyPair)}`,
    `--hostname-override=${cluster.node}`,
    `--cluster-cidr=${cluster.podCidr}`,
    '--proxy-mode=iptables',
    '--conntrack-max-per-core=0',
    '--oom-score-adj=0',
  ]);
  return { kubelet, 'kube-proxy': proxy };
}
