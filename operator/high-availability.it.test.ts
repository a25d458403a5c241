import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { freePorts } from '#e2e/ports.ts';
import type { Process } from '#e2e/process.ts';
import { connect } from '#kit/grpc/client.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { kubeconfigConnection } from '#kit/kube/kubeconfig.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import type { Security } from '#kit/security/security.ts';
import { startWorkloadSecurity } from '#kit/security/workload.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { Status } from '#proto/outrigger/operator/v1/status_pb.js';
import { configureMesh, installKinds, startOperator, startSentry, system } from './testing/processes.ts';

const namespace = 'shop';
/** A replica's pod, and the loopback address at which it stands for a pod's. */
const replicas = { 'operator-a': '127.0.0.2', 'operator-b': '127.0.0.3' } as const;
type Replica = keyof typeof replicas;

type Component = KubeObject & { status?: { loaded?: string; failures?: { pod: string; message: string }[] } };
type Lease = KubeObject & { spec?: { holderIdentity?: string } };

let stack: AsyncDisposableStack;
let folder: string;
let cluster: ControlPlane;
let client: KubeClient;
let security: Security;
let apiPort: number;
let sentryPort: number;
const running = new Map<Replica, Process>();

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(path.join(tmpdir(), 'operators-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  cluster = stack.use(await startControlPlane());
  client = stack.use(kubeClient(await kubeconfigConnection(cluster.kubeconfig)));
  [apiPort = 0, sentryPort = 0] = await freePorts(2);
  await fill();
  stack.use(await startSentry(folder, sentryPort));
  const abort = new AbortController();
  stack.defer(() => abort.abort());
  security = await startWorkloadSecurity({
    sentryAddress: `127.0.0.1:${sentryPort}`,
    controlPlaneTrustDomain: 'cluster.local',
    controlPlaneNamespace: system,
    namespace,
    appId: 'cart',
    trustAnchors: { file: path.join(folder, 'ca.crt') },
    tokenFile: undefined,
    kubernetes: false,
    log: silentLogger,
    signal: abort.signal,
    targets: healthTargets(),
  });
  await Promise.all([launch('operator-a'), launch('operator-b')]);
});
afterAll(() => stack?.disposeAsync());

async function fill(): Promise<void> {
  await installKinds(client);
  await configureMesh(client, sentryPort);
  await client.create(resources.namespaces, { metadata: { name: namespace } });
  const spec = { containers: [{ name: 'app', image: 'x' }] };
  for (const [name, podIP] of Object.entries(replicas)) {
    await client.create(resources.pods, { metadata: { namespace: system, name }, spec });
    const status = { podIP, podIPs: [{ ip: podIP }] };
    await client.patch(
      resources.pods,
      { namespace: system, name, subresource: 'status' },
      { type: 'merge', body: { status } },
    );
  }
  const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'cart' };
  const labels = { 'dapr.io/sidecar-injected': 'true' };
  for (const name of ['cart-1', 'cart-2'])
    await client.create(resources.pods, { metadata: { namespace, name, labels, annotations }, spec });
  await client.create(daprResources.components, {
    metadata: { namespace, name: 'orders' },
    spec: { type: 'state.in-memory', version: 'v1', metadata: [] },
  });
}

/** Starts a replica, and waits until it serves. */
async function launch(replica: Replica): Promise<void> {
  const { kubeconfig } = cluster;
  const api = { host: replicas[replica], port: apiPort };
  running.set(replica, stack.use(await startOperator({ name: replica, folder, kubeconfig, api })));
}

/** What `read` answers once it holds. */
const until = <T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> =>
  eventually(
    async () => {
      const value = await read();
      if (!holds(value)) throw new Error(`not yet: ${JSON.stringify(value).slice(0, 500)}`);
      return value;
    },
    90_000,
    100,
  );

const leader = async (): Promise<Replica> => {
  const { spec } = await client.get<Lease>(resources.leases, { namespace: system, name: 'operator.dapr.io' });
  return (spec?.holderIdentity ?? '').split('_')[0] as Replica;
};
const other = (replica: Replica): Replica => (replica === 'operator-a' ? 'operator-b' : 'operator-a');
const orders = () => client.get<Component>(daprResources.components, { namespace, name: 'orders' });

/** Reports as the sidecar of a pod does, to one replica. */
async function report(to: Replica, podName: string, error = ''): Promise<void> {
  const tls = security.clientTls({ trustDomain: 'cluster.local', namespace: system, appId: 'dapr-operator' });
  await using operator = connect({ target: `${replicas[to]}:${apiPort}`, tls });
  const components = [{ name: 'orders', observedGeneration: 1n, loaded: error === '', error }];
  await operator.unary(Status.method.reportComponents, { namespace, podName, components });
}

describe('two operators', () => {
  it('write one status, whichever of them sidecars report to', async () => {
    const first = await until(leader, (name) => name in replicas);
    await report(first, 'cart-1');
    await report(other(first), 'cart-2', 'no route to redis');
    const { status } = await until(orders, (it) => it.status?.loaded === '1/2' && it.status.failures !== undefined);
    expect(status?.failures).toMatchObject([{ pod: 'cart-2', message: 'no route to redis' }]);
    await report(other(first), 'cart-2');
    await until(orders, (it) => it.status?.loaded === '2/2');
  });

  it('go on when the one that leads is killed: the other takes over, and is told by the next', async () => {
    const before = await leader();
    await running.get(before)!.kill();
    await until(leader, (name) => name === other(before));
    await launch(before);
    await report(before, 'cart-1', 'gone');
    const { status } = await until(orders, (it) => it.status?.failures?.[0]?.message === 'gone');
    expect(status?.failures).toMatchObject([{ pod: 'cart-1' }]);
    await report(before, 'cart-1');
    await until(orders, (it) => it.status?.loaded === '2/2');
  });
});
