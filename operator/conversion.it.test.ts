import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { freePorts } from '#e2e/ports.ts';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { kubeconfigConnection } from '#kit/kube/kubeconfig.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, type Resource, resources } from '#kit/kube/resource.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { configureMesh, installKinds, startOperator, startSentry, system } from './testing/processes.ts';

type Subscription = KubeObject & { spec: Record<string, unknown> };
type Definition = { metadata: { name: string }; spec: { conversion?: { webhook: { clientConfig: object } } } };

const namespace = 'shop';
const older: Resource = { ...daprResources.subscriptions, version: 'v1alpha1' };
let stack: AsyncDisposableStack;
let cluster: ControlPlane;
let client: KubeClient;

beforeAll(async () => {
  stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'conversion-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  cluster = stack.use(await startControlPlane());
  client = stack.use(kubeClient(await kubeconfigConnection(cluster.kubeconfig)));
  const [sentryPort = 0, apiPort = 0, webhookPort = 0] = await freePorts(3);
  await installKinds(client, (definition) => servedAt(definition as Definition, webhookPort));
  await configureMesh(client, sentryPort);
  await client.create(resources.namespaces, { metadata: { name: namespace } });
  // No pod can run here: the Service leads to this machine.
  const spec = { type: 'ExternalName', externalName: 'localhost' };
  await client.create(resources.services, { metadata: { namespace: system, name: 'dapr-webhook' }, spec });
  stack.use(await startSentry(folder, sentryPort));
  const api = { host: '127.0.0.1', port: apiPort };
  stack.use(await startOperator({ name: 'operator', folder, kubeconfig: cluster.kubeconfig, api, webhookPort }));
});
afterAll(() => stack?.disposeAsync());

/** A Subscription's definition whose webhook is asked on a port of its own. */
function servedAt(definition: Definition, port: number): object {
  const clientConfig = definition.spec.conversion?.webhook.clientConfig as { service: object } | undefined;
  if (clientConfig) clientConfig.service = { ...clientConfig.service, port };
  return definition;
}

const subscription = (name: string, spec: object) => ({ metadata: { namespace, name }, spec });

describe('an API server that asks the operator to convert Subscriptions', () => {
  it('stores the older version as the newer one and reads it back as it was', async () => {
    const spec = { pubsubname: 'broker', topic: 'orders', route: '/orders' };
    // The API server takes a moment to believe new trust anchors.
    await eventually(() => client.create(older, subscription('old', spec)));
    const stored = await client.get<Subscription>(daprResources.subscriptions, { namespace, name: 'old' });
    expect(stored).toMatchObject({
      apiVersion: 'dapr.io/v2alpha1',
      spec: { pubsubname: 'broker', topic: 'orders', routes: { default: '/orders' } },
    });
    const read = await client.get<Subscription>(older, { namespace, name: 'old' });
    expect(read).toMatchObject({ apiVersion: 'dapr.io/v1alpha1', spec });
    expect(read.metadata.uid).toBe(stored.metadata.uid);
  });

  it('shows the newer version to who asks for the older one, in lists too', async () => {
    const routes = { rules: [{ match: 'event.type == "new"', path: '/new' }], default: '/all' };
    const spec = { pubsubname: 'broker', topic: 'returns', routes };
    await client.create(daprResources.subscriptions, subscription('new', spec));
    const { items } = await client.list<Subscription>(older, { namespace });
    expect(items.map((item) => [item.metadata.name, item.spec['route']])).toEqual([
      ['new', '/all'],
      ['old', '/orders'],
    ]);
  });
});
