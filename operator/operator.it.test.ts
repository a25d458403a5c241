import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Registry } from 'prom-client';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { parseFlags } from '#kit/flags/parse.ts';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { kubeconfigConnection } from '#kit/kube/kubeconfig.ts';
import { kubeMetrics } from '#kit/kube/metrics.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { ReportComponentsRequestSchema } from '#proto/outrigger/operator/v1/status_pb.js';
import { secretReader } from './api/secrets.ts';
import { type CacheOptions, type Caches, openCaches } from './caches.ts';
import { configure } from './config.ts';
import { trustConversionWebhook } from './controllers/conversion-trust.ts';
import { flags } from './flags.ts';
import { lead, type Reported } from './leader.ts';
import { serviceCounters } from './metrics.ts';
import { openReports } from './status/reports.ts';
import { installKinds } from './testing/processes.ts';

const namespace = 'shop';
const reports = openReports();
const abort = new AbortController();
let cluster: ControlPlane;
let client: KubeClient;
let caches: Caches;
let reported: Reported | undefined;
let leading: Promise<void>;

beforeAll(async () => {
  cluster = await startControlPlane();
  client = kubeClient(await kubeconfigConnection(cluster.kubeconfig));
  await installKinds(client);
  await client.create(resources.namespaces, { metadata: { name: namespace } });
  const metrics = kubeMetrics(new Registry());
  const { signal } = abort;
  const cacheOptions: CacheOptions = { client, namespace: '', log: silentLogger, metrics, signal, verifyMs: 600_000 };
  caches = openCaches(cacheOptions);
  leading = lead(
    {
      config: configure(parseFlags(flags, []), { NAMESPACE: 'dapr-system' }),
      mesh: { mtls: true, trustDomain: 'cluster.local', sentryAddress: '' },
      caches,
      cacheOptions,
      counters: serviceCounters(new Registry()),
      secrets: secretReader(client),
      reports,
      onLeading: (listener) => {
        reported = listener;
      },
      log: silentLogger,
    },
    signal,
  );
});

afterAll(async () => {
  abort.abort();
  await leading;
  for (const informer of Object.values(caches)) await informer[Symbol.asyncDispose]();
  client[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

type Component = KubeObject & {
  status?: { loaded?: string; failures?: object[]; conditions?: { type: string; status: string; message: string }[] };
};
type Service = KubeObject & { spec: { clusterIP: string; ports: { name: string; port: number }[] } };

const readComponent = (name: string) => client.get<Component>(daprResources.components, { namespace, name });
const condition = (component: Component, type: string) => component.status?.conditions?.find((it) => it.type === type);

const deployment = (name: string, annotations: Record<string, string>) => ({
  metadata: { namespace, name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name }, annotations }, spec: { containers: [{ name: 'app', image: 'x' }] } },
  },
});

const pod = (name: string, labels: Record<string, string>, containers = ['app']) => ({
  metadata: { namespace, name, labels, annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'cart' } },
  spec: { containers: containers.map((container) => ({ name: container, image: 'x' })) },
});

/** Has the operator hear what a sidecar says. */
function say(report: MessageInitShape<typeof ReportComponentsRequestSchema>): void {
  const news = reports.take(create(ReportComponentsRequestSchema, { namespace, ...report }), Date.now());
  reported?.(namespace, news);
}

/** What `read` answers once it holds. */
const until = <T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> =>
  eventually(async () => {
    const value = await read();
    if (!holds(value)) throw new Error(`not yet: ${JSON.stringify(value).slice(0, 500)}`);
    return value;
  });

describe('the operator in a real API server', () => {
  it('keeps the Service of an app: makes it, follows the annotations, brings it back', async () => {
    const at = { namespace, name: 'cart-dapr' };
    const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'cart' };
    await client.create(resources.deployments, deployment('cart', annotations));
    const service = () => client.get<Service>(resources.services, at);
    const made = await until(service, () => true);
    expect([made.spec.clusterIP, made.spec.ports.map(({ port }) => port)]).toEqual([
      'None',
      [80, 50_001, 50_002, 9090],
    ]);

    const moved = { spec: { template: { metadata: { annotations: { 'dapr.io/metrics-port': '9191' } } } } };
    await client.patch(resources.deployments, { namespace, name: 'cart' }, { type: 'merge', body: moved });
    await until(service, ({ spec }) => spec.ports.at(-1)?.port === 9191);

    await client.patch(resources.services, at, { type: 'merge', body: { metadata: { annotations: null } } });
    await until(service, ({ metadata }) => metadata.annotations?.['dapr.io/app-id'] === 'cart');

    await client.delete(resources.services, at);
    const back = await until(service, ({ metadata }) => metadata.uid !== made.metadata.uid);
    expect(back.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Deployment', name: 'cart' });
  });

  it('says what is wrong with a Component, and that it no longer is', async () => {
    const spec = { type: 'state.sqlite', version: 'v1', metadata: [{ name: 'conectionString', value: 'x.db' }] };
    await client.create(daprResources.components, { metadata: { namespace, name: 'typo' }, spec });
    const refused = await until(
      () => readComponent('typo'),
      (it) => condition(it, 'Accepted')?.status === 'False',
    );
    expect(condition(refused, 'Accepted')?.message).toContain('did you misspell it as "conectionString"?');
    const mended = { spec: { metadata: [{ name: 'connectionString', value: 'x.db' }] } };
    await client.patch(daprResources.components, { namespace, name: 'typo' }, { type: 'merge', body: mended });
    await until(
      () => readComponent('typo'),
      (it) => condition(it, 'Accepted')?.status === 'True',
    );
  });

  it('names the secret that is missing', async () => {
    const spec = {
      type: 'state.sqlite',
      version: 'v1',
      metadata: [{ name: 'connectionString', secretKeyRef: { name: 'db', key: 'file' } }],
    };
    await client.create(daprResources.components, { metadata: { namespace, name: 'secret' }, spec });
    const found = await until(
      () => readComponent('secret'),
      (it) => condition(it, 'SecretsResolved')?.status === 'False',
    );
    expect(condition(found, 'SecretsResolved')?.message).toBe('connectionString: there is no Secret db');
  });

  it('counts the sidecars that loaded a Component and keeps the last error of each that did not', async () => {
    await client.create(daprResources.components, {
      metadata: { namespace, name: 'orders' },
      spec: { type: 'state.in-memory', version: 'v1', metadata: [] },
      scopes: ['cart'],
    });
    const injected = { 'dapr.io/sidecar-injected': 'true' };
    for (const name of ['cart-1', 'cart-2']) await client.create(resources.pods, pod(name, injected));
    const report = (podName: string, loaded: boolean, error: string) => {
      const entry = { name: 'orders', observedGeneration: 1n, loaded, error };
      say({ podName, components: [entry] });
    };
    report('cart-1', true, '');
    report('cart-2', false, 'no route to host');
    const counted = await until(
      () => readComponent('orders'),
      (it) => it.status?.loaded === '1/2',
    );
    expect(counted.status?.failures).toMatchObject([{ pod: 'cart-2', message: 'no route to host' }]);
    report('cart-2', true, '');
    await until(
      () => readComponent('orders'),
      (it) => it.status?.loaded === '2/2' && it.status.failures === undefined,
    );
    await client.delete(resources.pods, { namespace, name: 'cart-2' }, { gracePeriodSeconds: 0 });
    await until(
      () => readComponent('orders'),
      (it) => it.status?.loaded === '1/1',
    );
  });

  it('says which sidecar does not use the newest version of a Resiliency, and that it does again', async () => {
    const read = () => client.get<Component>(daprResources.resiliencies, { namespace, name: 'calls' });
    await client.create(daprResources.resiliencies, {
      metadata: { namespace, name: 'calls' },
      spec: { policies: { circuitBreakers: { quick: { trip: 'failures >' } } }, targets: {} },
      scopes: ['till'],
    });
    const accepted = await until(read, (it) => condition(it, 'Accepted')?.status === 'True');
    expect(condition(accepted, 'Loaded')).toBeUndefined();

    const labels = { 'dapr.io/sidecar-injected': 'true' };
    const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'till' };
    const till = pod('till-1', labels);
    await client.create(resources.pods, { ...till, metadata: { ...till.metadata, annotations } });
    const error = 'quick: trip: the expression ends too early; the version before it serves on';
    const problem = { kind: 'Resiliency', name: 'calls', observedGeneration: 1n, error };
    say({ podName: 'till-1', problems: [problem], kinds: ['Resiliency'] });
    const failed = await until(read, (it) => condition(it, 'Loaded')?.status === 'False');
    expect(condition(failed, 'Loaded')?.message).toBe(`1 sidecar does not use its newest version; till-1: ${error}`);

    const mended = { spec: { policies: { circuitBreakers: { quick: { trip: 'failures > 3' } } } } };
    await client.patch(daprResources.resiliencies, { namespace, name: 'calls' }, { type: 'merge', body: mended });
    say({ podName: 'till-1', kinds: ['Resiliency'] });
    await until(read, (it) => condition(it, 'Loaded')?.status === 'True');
  });

  it('accepts or refuses a Configuration', async () => {
    const make = (name: string, samplingRate: string) =>
      client.create(daprResources.configurations, {
        metadata: { namespace, name },
        spec: { tracing: { samplingRate } },
      });
    await make('good', '0.5');
    await make('bad', 'often');
    const read = (name: string) => client.get<Component>(daprResources.configurations, { namespace, name });
    await until(
      () => read('good'),
      (it) => condition(it, 'Accepted')?.status === 'True',
    );
    const bad = await until(
      () => read('bad'),
      (it) => condition(it, 'Accepted')?.status === 'False',
    );
    expect(condition(bad, 'Accepted')?.message).toBe(
      'spec.tracing.samplingRate: "often" is not a number between 0 and 1',
    );
  });

  it('puts an Event beside a pod that asks for a sidecar and got none', async () => {
    await client.create(resources.pods, pod('bare', {}));
    await client.create(resources.pods, pod('by-hand', {}, ['app', 'daprd']));
    type Event = KubeObject & { involvedObject: { name: string }; reason: string; message: string };
    const { items } = await until(
      () => client.list<Event>(resources.events, { namespace }),
      (list) => list.items.length > 0,
    );
    expect(items.map((event) => [event.involvedObject.name, event.reason])).toEqual([['bare', 'SidecarNotInjected']]);
    expect(items[0]?.message).toContain('no pod of the injector is ready');
  });

  it('tells the API server by which anchors to trust the conversion webhook', async () => {
    const anchors = String(client.connection.tls.ca);
    await trustConversionWebhook(client, 'dapr-system', anchors, silentLogger);
    type Crd = { spec: { conversion: { webhook: { clientConfig: object } } } };
    const at = { name: 'subscriptions.dapr.io' };
    const { spec } = await client.get<Crd>(resources.customResourceDefinitions, at);
    expect(spec.conversion.webhook.clientConfig).toMatchObject({
      caBundle: Buffer.from(anchors).toString('base64'),
      service: { namespace: 'dapr-system' },
    });
  });
});
