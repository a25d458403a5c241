import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Plan } from './plan.ts';

/** Fully qualified, else the kubelet would go and pull it. */
export const pauseImage = 'docker.io/outrigger/pause:1';

/** Where the container runtime listens. */
export const containerdSocket = (cluster: Plan): string => join(cluster.run, 'containerd.sock');

/** Writes containerd's configuration and its network's; returns the path of the first. */
export async function writeContainerdConfig(cluster: Plan): Promise<string> {
  const networks = join(cluster.folder, 'cni');
  await mkdir(networks, { recursive: true });
  await writeFile(join(networks, '10-bridge.conflist'), JSON.stringify(podNetwork(cluster), undefined, 2));
  const path = join(cluster.folder, 'containerd.toml');
  await writeFile(path, containerdConfig(cluster, networks));
  return path;
}

// Without restrict_oom_score_adj every container start dies with "can't get
// final child's PID from pipe" where the machine withholds CAP_SYS_RESOURCE.
const containerdConfig = (cluster: Plan, networks: string): string => `version = 2
root = "${join(cluster.folder, 'containerd')}"
state = "${join(cluster.run, 'containerd')}"
oom_score = 0
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = "${containerdSocket(cluster)}"

[plugins."io.containerd.internal.v1.opt"]
  path = "${join(cluster.folder, 'containerd-opt')}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  Root = "${join(cluster.run, 'runc')}"
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${networks}"
`;

const podNetwork = (cluster: Plan): object => ({
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: cluster.bridge,
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: join(cluster.run, 'ipam'),
        ranges: [[{ subnet: cluster.podCidr, gateway: cluster.bridgeAddress }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

/** Writes the kubelet's configuration; returns its path. */
export async function writeKubeletConfig(cluster: Plan, ca: string): Promise<string> {
  const resolv = join(cluster.folder, 'resolv.conf');
  await writeFile(resolv, `nameserver ${cluster.dnsAddress}\n`);
  const path = join(cluster.folder, 'kubelet.yaml');
  await writeFile(
    path,
    stringify({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: '0.0.0.0',
      authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: ca } },
      authorization: { mode: 'Webhook' },
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${cluster.cgroup}`,
      clusterDNS: [cluster.dnsAddress],
      clusterDomain: 'cluster.local',
      containerRuntimeEndpoint: `unix://${containerdSocket(cluster)}`,
      enforceNodeAllocatable: [],
      evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
      failCgroupV1: false,
      failSwapOn: false,
      imageGCHighThresholdPercent: 100,
      maxPods: 200,
      oomScoreAdj: 0,
      podLogsDir: join(cluster.folder, 'pod-logs'),
      resolvConf: resolv,
      serializeImagePulls: false,
      syncFrequency: '10s',
      volumePluginDir: join(cluster.folder, 'volume-plugins'),
    }),
  );
  return path;
}
