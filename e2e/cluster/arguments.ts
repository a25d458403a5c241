/** Command lines of the two servers that a control plane without nodes consists of. */

export interface EtcdSettings {
  data: string;
  clientUrl: string;
  peerUrl: string;
}

/** etcd with its write-ahead log unsynced: a test cluster need not survive a power cut. */
export function etcdArguments({ data, clientUrl, peerUrl }: EtcdSettings): string[] {
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--quota-backend-bytes=4294967296',
    '--log-level=warn',
    '--logger=zap',
  ];
}

export interface ApiServerSettings {
  etcdUrl: string;
  /** The address it listens on, which is also the one it tells pods. */
  address: string;
  port: number;
  certificates: {
    ca: string;
    serving: { cert: string; key: string };
    serviceAccountKey: string;
    kubelet: { cert: string; key: string };
  };
  serviceCidr: string;
  /** Admission plugins that make no sense without the controllers they wait for. */
  withoutControllers: boolean;
}

const issuer = 'https://kubernetes.default.svc.cluster.local';

export function apiServerArguments(settings: ApiServerSettings): string[] {
  const { ca, serving, serviceAccountKey, kubelet } = settings.certificates;
  return [
    `--etcd-servers=${settings.etcdUrl}`,
    `--bind-address=${settings.address}`,
    `--advertise-address=${settings.address}`,
    `--secure-port=${settings.port}`,
    `--tls-cert-file=${serving.cert}`,
    `--tls-private-key-file=${serving.key}`,
    `--client-ca-file=${ca}`,
    `--service-account-issuer=${issuer}`,
    `--service-account-signing-key-file=${serviceAccountKey}`,
    `--service-account-key-file=${serviceAccountKey}`,
    `--kubelet-client-certificate=${kubelet.cert}`,
    `--kubelet-client-key=${kubelet.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--service-cluster-ip-range=${settings.serviceCidr}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged',
    '--profiling=false',
    ...(settings.withoutControllers
      ? ['--disable-admission-plugins=ServiceAccount', '--endpoint-reconciler-type=none']
      : ['--enable-admission-plugins=NodeRestriction']),
  ];
}
