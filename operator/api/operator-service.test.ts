import type { Call } from '#kit/grpc/call.ts';
import { startInformer } from '#kit/kube/informer.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { afterEach, describe, expect, it } from '#kit/testing/test.ts';
import { type Caches, cachesSynced } from '../caches.ts';
import { daprPod } from '../pod.ts';
import { operatorService } from './operator-service.ts';
import { secretReader } from './secrets.ts';

type Answer = Record<string, unknown>;
type Handler = (request: Answer, call: Call) => unknown;

const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const informer of disposables.splice(0)) await informer[Symbol.asyncDispose]();
});

async function world() {
  const kube = fakeKube();
  const clock = fakeClock();
  const stopping = new AbortController();
  const base = { client: kube.client, log: silentLogger, signal: new AbortController().signal, clock };
  const dapr = Object.fromEntries(
    Object.entries(daprResources).map(([name, resource]) => [name, startInformer({ ...base, resource })]),
  );
  const pods = startInformer({ ...base, resource: resources.pods, transform: daprPod });
  const caches = { ...dapr, pods } as unknown as Caches;
  disposables.push(...(Object.values(caches) as AsyncDisposable[]));
  await cachesSynced(caches);
  const service = operatorService({
    caches,
    secrets: secretReader(kube.client),
    log: silentLogger,
    stopping: stopping.signal,
  });
  const caller = (appId = 'cart', namespace = 'shop') => {
    const abort = new AbortController();
    const peer = { address: '', spiffeId: `spiffe://public/ns/${namespace}/${appId}` };
    return { call: { peer, signal: abort.signal, sendHeaders: () => {} } as unknown as Call, abort };
  };
  const ask = async (method: string, request: Answer, call = caller().call) =>
    (await (service.handlers[method] as unknown as Handler)(request, call)) as Answer;
  /** Opens a stream and answers a function that yields what came since it was last asked. */
  const open = (method: string, request: Answer, call = caller().call) => {
    const seen: unknown[] = [];
    const stream = (service.handlers[method] as unknown as Handler)(request, call) as AsyncIterable<Answer>;
    const done = (async () => {
      for await (const { type, ...manifest } of stream) seen.push([type, decode(Object.values(manifest)[0])]);
    })();
    const news = async () => {
      await clock.advance(0);
      return seen.splice(0);
    };
    return { done, news };
  };
  return { kube, clock, ask, open, caller, stopping };
}

const decode = (bytes: unknown) => JSON.parse(new TextDecoder().decode(bytes as Uint8Array)) as Answer;
const component = (name: string, extra: object = {}) => ({
  metadata: { namespace: 'shop', name },
  spec: { type: 'state.redis', metadata: [] },
  ...extra,
});
const nameOf = (bytes: unknown) => (decode(bytes)['metadata'] as { name: string }).name;
const base64 = (text: string) => Buffer.from(text).toString('base64');
const inShop = { namespace: 'shop' };

describe('the operator API', () => {
  it.each([
    'listComponents',
    'getConfiguration',
    'getResiliency',
    'listResiliency',
    'listSubscriptionsV2',
    'listHTTPEndpoints',
    'listMCPServers',
    'listWorkflowAccessPolicy',
    'listSubscriptions',
  ])('%s refuses another namespace, and none', async (method) => {
    const { ask } = await world();
    for (const namespace of ['other', ''])
      await expect(ask(method, { namespace, name: 'x' })).rejects.toMatchObject({
        key: 'permission-denied',
        message: 'identity does not match requested namespace',
      });
  });

  it('lists the components of a namespace whose scopes admit the caller', async () => {
    const { kube, clock, ask } = await world();
    kube.put(daprResources.components, component('for-all'));
    kube.put(daprResources.components, component('for-cart', { scopes: ['till', 'cart'] }));
    kube.put(daprResources.components, component('for-till', { scopes: ['till'] }));
    kube.put(daprResources.components, { ...component('elsewhere'), metadata: { namespace: 'b', name: 'elsewhere' } });
    await clock.advance(0);
    const { components } = (await ask('listComponents', inShop)) as { components: unknown[] };
    expect(components.map(nameOf)).toEqual(['for-all', 'for-cart']);
  });

  it('fills references to Kubernetes secrets as base64, keeps the reference, and leaves other stores alone', async () => {
    const { kube, clock, ask } = await world();
    kube.put(resources.secrets, { metadata: { namespace: 'shop', name: 'redis' }, data: { redis: base64('pw') } });
    const metadata = [
      { name: 'redisPassword', secretKeyRef: { name: 'redis' } },
      { name: 'missingKey', value: 'stays', secretKeyRef: { name: 'redis', key: 'none' } },
    ];
    kube.put(daprResources.components, component('a', { spec: { type: 'state.redis', metadata } }));
    kube.put(daprResources.components, component('b', { spec: { metadata }, auth: { secretStore: 'vault' } }));
    await clock.advance(0);
    const { components } = (await ask('listComponents', inShop)) as { components: unknown[] };
    const [a, b] = components.map((bytes) => (decode(bytes)['spec'] as { metadata: unknown }).metadata);
    expect(a).toEqual([{ name: 'redisPassword', secretKeyRef: { name: 'redis' }, value: base64('pw') }, metadata[1]]);
    expect(b).toEqual(metadata);
  });

  it('fails the whole list with UNKNOWN when a secret is missing', async () => {
    const { kube, clock, ask } = await world();
    const metadata = [{ name: 'p', secretKeyRef: { name: 'gone' } }];
    kube.put(daprResources.components, component('a', { spec: { metadata } }));
    await clock.advance(0);
    await expect(ask('listComponents', inShop)).rejects.toMatchObject({ code: 2 });
  });

  it('writes null where a key of an endpoint header is missing, and plain text into OTLP headers', async () => {
    const { kube, clock, ask } = await world();
    kube.put(resources.secrets, { metadata: { namespace: 'shop', name: 's' }, data: { k: base64('value') } });
    const headers = [
      { name: 'a', secretKeyRef: { name: 's', key: 'k' } },
      { name: 'b', secretKeyRef: { name: 's', key: 'none' } },
    ];
    const metadata = { namespace: 'shop', name: 'x' };
    kube.put(daprResources.httpEndpoints, { metadata, spec: { headers } });
    kube.put(daprResources.configurations, { metadata, spec: { tracing: { otel: { headers: headers.slice(0, 1) } } } });
    await clock.advance(0);
    const { httpEndpoints } = (await ask('listHTTPEndpoints', inShop)) as { httpEndpoints: unknown[] };
    expect(decode(httpEndpoints[0])).toMatchObject({
      spec: { headers: [{ value: base64('value') }, { value: null }] },
    });
    const { configuration } = await ask('getConfiguration', { ...inShop, name: 'x' });
    expect(decode(configuration)).toMatchObject({ spec: { tracing: { otel: { headers: [{ value: 'value' }] } } } });
    kube.put(daprResources.configurations, { metadata, spec: { tracing: { otel: { headers: headers.slice(1) } } } });
    await clock.advance(0);
    await expect(ask('getConfiguration', { ...inShop, name: 'x' })).rejects.toMatchObject({
      code: 2,
      message: 'key none not found in secret s',
    });
  });

  it('gives an app no secret of an HTTPEndpoint that is meant for others, and does not fail for want of it', async () => {
    const { kube, clock, ask } = await world();
    kube.put(resources.secrets, { metadata: { namespace: 'shop', name: 's' }, data: { key: base64('value') } });
    const endpoint = (name: string, secret: string, scopes?: string[]) => ({
      metadata: { namespace: 'shop', name },
      spec: { headers: [{ name: 'a', secretKeyRef: { name: secret, key: 'key' } }] },
      ...(scopes && { scopes }),
    });
    kube.put(daprResources.httpEndpoints, endpoint('ours', 's', ['cart']));
    kube.put(daprResources.httpEndpoints, endpoint('theirs', 's', ['till']));
    kube.put(daprResources.httpEndpoints, endpoint('broken', 'gone', ['till']));
    await clock.advance(0);
    const { httpEndpoints } = (await ask('listHTTPEndpoints', inShop)) as { httpEndpoints: unknown[] };
    const filled = httpEndpoints.map(decode).filter((one) => JSON.stringify(one).includes(base64('value')));
    expect(filled).toMatchObject([{ metadata: { name: 'ours' } }]);
    expect(httpEndpoints).toHaveLength(3);
    kube.put(daprResources.httpEndpoints, endpoint('broken', 'gone'));
    await clock.advance(0);
    await expect(ask('listHTTPEndpoints', inShop)).rejects.toMatchObject({ code: 2 });
  });

  it('streams what happens from now on, as the scopes of the caller see it', async () => {
    const { kube, clock, open } = await world();
    kube.put(daprResources.components, component('old'));
    await clock.advance(0);
    const stream = open('componentUpdate', inShop);
    expect(await stream.news()).toEqual([]);
    kube.put(daprResources.components, component('new', { scopes: ['cart'] }));
    expect(await stream.news()).toMatchObject([[1, { metadata: { name: 'new' } }]]);
    kube.put(daprResources.components, component('new', { scopes: ['cart', 'till'] }));
    expect(await stream.news()).toMatchObject([[2, { scopes: ['cart', 'till'] }]]);
    kube.put(daprResources.components, component('new', { scopes: ['till'] }));
    expect(await stream.news()).toMatchObject([[3, { scopes: ['cart', 'till'] }]]);
    kube.put(daprResources.components, component('new', { scopes: ['shelf'] }));
    expect(await stream.news()).toEqual([]);
    kube.put(daprResources.components, component('new'));
    expect(await stream.news()).toMatchObject([[1, { metadata: { name: 'new' } }]]);
    kube.remove(daprResources.components, { namespace: 'shop', name: 'new' });
    expect(await stream.news()).toMatchObject([[3, { metadata: { name: 'new' } }]]);
  });

  it('does not tell sidecars of a new status, and never sends one', async () => {
    const { kube, clock, open } = await world();
    const at = { namespace: 'shop', name: 'a', generation: 1, uid: 'u' };
    kube.put(daprResources.components, component('a', { metadata: at }));
    await clock.advance(0);
    const stream = open('componentUpdate', inShop);
    await stream.news();
    kube.put(daprResources.components, component('a', { metadata: at, status: { loaded: '1/1' } }));
    expect(await stream.news()).toEqual([]);
    kube.put(
      daprResources.components,
      component('a', { metadata: { ...at, generation: 2 }, status: { loaded: '1/1' } }),
    );
    const [[, manifest]] = (await stream.news()) as [[number, Answer]];
    expect(manifest['status']).toBeUndefined();
  });

  it("streams only the Configuration that the caller's pod names", async () => {
    const { kube, clock, open } = await world();
    const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'cart', 'dapr.io/config': 'mine' };
    kube.put(resources.pods, { metadata: { namespace: 'shop', name: 'cart-1', annotations } });
    await clock.advance(0);
    const stream = open('configurationUpdate', inShop);
    await stream.news();
    for (const name of ['other', 'mine'])
      kube.put(daprResources.configurations, { metadata: { namespace: 'shop', name } });
    expect(await stream.news()).toMatchObject([[1, { metadata: { name: 'mine' } }]]);
  });

  it('ends a stream cleanly when a secret cannot be read, and with UNAVAILABLE when the operator stops', async () => {
    const { kube, clock, open, stopping } = await world();
    const broken = open('componentUpdate', inShop);
    await broken.news();
    kube.put(
      daprResources.components,
      component('a', { spec: { metadata: [{ name: 'p', secretKeyRef: { name: 'x' } }] } }),
    );
    await clock.advance(0);
    await broken.done;
    const stream = open('resiliencyUpdate', inShop);
    await stream.news();
    stopping.abort();
    await expect(stream.done).rejects.toMatchObject({ key: 'unavailable' });
  });

  it('ends a stream quietly when its caller goes', async () => {
    const { open, caller } = await world();
    const { call, abort } = caller();
    const stream = open('subscriptionUpdate', inShop, call);
    await stream.news();
    abort.abort();
    await stream.done;
  });
});
