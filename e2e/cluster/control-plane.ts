import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePorts } from '../ports.ts';
import { start } from '../process.ts';
import { apiServerArguments, etcdArguments } from './arguments.ts';
import { authority, type KeyPair, privateKey } from './authority.ts';
import { binaries } from './binaries.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** A real API server with its own etcd and nothing else: no nodes, no controllers. */
export interface ControlPlane extends AsyncDisposable {
  /** The path of a kubeconfig whose user may do everything (a client certificate). */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
}

/**
 * Starts etcd and kube-apiserver on free ports of 127.0.0.1; ready in about
 * three seconds. CRDs, admission, RBAC, TokenRequest and TokenReview work as
 * anywhere; as no controller runs, namespaces get no service account by
 * themselves, nothing is garbage collected and no pod is ever scheduled.
 * Both processes end with this one, however it ends.
 */
export async function startControlPlane({
  signal,
  dir,
}: {
  signal?: AbortSignal;
  /** A folder for its data, certificates and logs; a temporary one, removed at the end, unless told. */
  dir?: string;
} = {}): Promise<ControlPlane> {
  const commands = await binaries('kubernetes');
  const folder = dir ?? (await mkdtemp(join(tmpdir(), 'outrigger-control-plane-')));
  await mkdir(folder, { recursive: true });
  await using stack = new AsyncDisposableStack();
  if (!dir) stack.defer(() => rm(folder, { recursive: true, force: true }));

  const [etcdPort = 0, peerPort = 0, port = 0] = await freePorts(3);
  const certificates = await serverCertificates(join(folder, 'pki'), ['127.0.0.1', 'localhost']);
  const server = `https://127.0.0.1:${port}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;

  const etcd = stack.use(
    start(
      'etcd',
      'etcd',
      etcdArguments({ data: join(folder, 'etcd'), clientUrl: etcdUrl, peerUrl: `http://127.0.0.1:${peerPort}` }),
      { log: join(folder, 'etcd.log') },
    ),
  );
  const log = join(folder, 'kube-apiserver.log');
  const api = stack.use(
    start(
      'kube-apiserver',
      join(commands, 'kube-apiserver'),
      apiServerArguments({
        etcdUrl,
        address: '127.0.0.1',
        port,
        certificates,
        serviceCidr: '10.96.0.0/16',
        withoutControllers: true,
      }),
      { log },
    ),
  );
  await eventually(`kube-apiserver (log: ${log})`, () => isReady(server, certificates.ca, certificates.admin), {
    alive: () => api.alive() && etcd.alive(),
    signal,
  });
  const kubeconfig = await writeKubeconfig(join(folder, 'kubeconfig'), {
    server,
    ca: certificates.ca,
    user: 'admin',
    pair: certificates.admin,
  });
  const running = stack.move();
  signal?.addEventListener('abort', () => void running.disposeAsync(), { once: true });
  return { kubeconfig, server, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What an API server needs in certificates, and those of its administrator. */
export async function serverCertificates(folder: string, hosts: string[]) {
  const { ca, pem, issue } = await authority(folder);
  return {
    ca,
    pem,
    issue,
    serving: await issue('kube-apiserver', { user: 'kube-apiserver', hosts }),
    kubelet: await issue('kube-apiserver-kubelet', { user: 'kube-apiserver-kubelet', groups: ['system:masters'] }),
    admin: await issue('admin', { user: 'admin', groups: ['system:masters'] }),
    serviceAccountKey: await privateKey(folder, 'service-account.key'),
  };
}

/** True once the server says that it is ready to serve; undefined before. */
export async function isReady(server: string, ca: string, admin: KeyPair): Promise<true | undefined> {
  const [root, cert, key] = await Promise.all([ca, admin.cert, admin.key].map((path) => readFile(path)));
  return new Promise((resolve) => {
    const asking = request(`${server}/readyz`, { ca: root, cert, key, timeout: 2_000, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 ? true : undefined);
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(undefined));
    asking.end();
  });
}
