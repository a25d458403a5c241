import { Readable } from 'node:stream';
import { fault } from '#kit/errors/fault.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import type { KubeTransport } from '#kit/kube/transport.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { keepCaBundle } from './ca-bundle.ts';
import { componentsWithContainers } from './components.ts';
import { mtlsSetting } from './mtls.ts';
import { hasNativeSidecars, isSince } from './native-sidecars.ts';

const put = (
  kube: ReturnType<typeof fakeKube>,
  name: string,
  annotations: Record<string, string>,
  namespace = 'shop',
) => kube.put(daprResources.components, { metadata: { name, namespace, annotations }, spec: { type: 'state.redis' } });

describe('componentsWithContainers', () => {
  it('finds those of the namespace that ask for a container', async () => {
    const kube = fakeKube();
    put(kube, 'hosted', { 'outrigger.dev/host': 'container' });
    put(kube, 'carried', { 'dapr.io/component-container': '{}' });
    put(kube, 'in-process', { 'outrigger.dev/host': 'in-process' });
    put(kube, 'elsewhere', { 'outrigger.dev/host': 'container' }, 'other');
    const found = await componentsWithContainers(kube.client, 'shop');
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(['carried', 'hosted']);
  });

  it('finds none where the cluster has no Components', async () => {
    const kube = fakeKube();
    kube.failNext('list', fault('not-found', 'the server could not find the requested resource'));
    expect(await componentsWithContainers(kube.client, 'shop')).toEqual([]);
  });

  it('asks again past a cache that is not ready', async () => {
    const kube = fakeKube();
    put(kube, 'hosted', { 'outrigger.dev/host': 'container' });
    kube.failNext('list', fault('unavailable', '429 TooManyRequests: storage is (re)initializing'));
    expect(await componentsWithContainers(kube.client, 'shop')).toHaveLength(1);
  });

  it('says that it could not look', async () => {
    const kube = fakeKube();
    kube.failNext('list', fault('permission-denied', 'no'));
    kube.failNext('list', fault('permission-denied', 'no'));
    await expect(componentsWithContainers(kube.client, 'shop')).rejects.toThrow(
      'cannot list the Components of shop: no',
    );
  });
});

describe('mtlsSetting', () => {
  const configure = (kube: ReturnType<typeof fakeKube>, mtls: object) =>
    kube.put(daprResources.configurations, {
      metadata: { name: 'daprsystem', namespace: 'dapr-system' },
      spec: { mtls },
    });

  it('is on unless the Configuration says no, which is heard of within five seconds', async () => {
    const kube = fakeKube();
    const clock = fakeClock();
    const isOn = mtlsSetting(kube.client, 'dapr-system', silentLogger, clock);
    expect(await isOn()).toBe(true);
    configure(kube, { enabled: false });
    expect(await isOn()).toBe(true);
    await clock.advance(5_000);
    expect(await isOn()).toBe(false);
    configure(kube, {});
    await clock.advance(5_000);
    expect(await isOn()).toBe(true);
  });

  it('takes it as on where the Configuration cannot be read', async () => {
    const kube = fakeKube();
    kube.failNext('get', fault('permission-denied', 'no'));
    expect(await mtlsSetting(kube.client, 'dapr-system', silentLogger, fakeClock())()).toBe(true);
  });
});

describe('hasNativeSidecars', () => {
  const transport = (answers: (object | Error)[]) => {
    const send = async () => {
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      const { status, body } = answer as { status: number; body: string };
      return Object.assign(Readable.from([Buffer.from(body)]), { statusCode: status });
    };
    return send as unknown as KubeTransport;
  };
  const { signal } = new AbortController();
  const version = { status: 200, body: '{"major":"1","minor":"34"}' };

  it('asks an API server that is away until it answers', async () => {
    const clock = fakeClock();
    const asked = transport([fault('unavailable', 'away'), { status: 503, body: '' }, version]);
    const answer = hasNativeSidecars(asked, silentLogger, signal, clock);
    await clock.advance(10_000);
    expect(await answer).toBe(true);
  });

  it('is no where the version is not told', async () => {
    for (const body of [
      { status: 404, body: '' },
      { status: 200, body: 'html' },
    ])
      expect(await hasNativeSidecars(transport([body]), silentLogger, signal)).toBe(false);
  });
});

describe('isSince', () => {
  it.each([
    ['28', false],
    ['29', true],
    ['29+', true],
    ['34', true],
    ['', false],
  ])('takes minor version %p as %p', (minor, expected) => {
    expect(isSince(JSON.stringify({ major: '1', minor }))).toBe(expected);
  });
});

describe('keepCaBundle', () => {
  const name = 'dapr-sidecar-injector';

  function started(kube: ReturnType<typeof fakeKube>) {
    const abort = new AbortController();
    const clock = fakeClock();
    const targets = healthTargets();
    const writes: unknown[] = [];
    const patch = (_resource: unknown, _at: unknown, { body }: { body: unknown }) => {
      writes.push(body);
      return Promise.resolve({} as never);
    };
    let pem = 'first';
    const kept = keepCaBundle({
      client: { ...kube.client, patch },
      pem: () => pem,
      ready: targets.add('webhook-configuration'),
      log: silentLogger,
      signal: abort.signal,
      clock,
    });
    const rotate = (to: string) => {
      pem = to;
      kept.changed();
      return clock.advance(0);
    };
    return { abort, writes, targets, kept, clock, rotate };
  }

  const add = (value: string) => [
    { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from(value).toString('base64') },
  ];

  it('writes at the start, is then ready, and writes again on a change', async () => {
    const kube = fakeKube();
    kube.put(resources.mutatingWebhookConfigurations, { metadata: { name } });
    const { abort, writes, targets, kept, clock, rotate } = started(kube);
    await clock.advance(0);
    expect([writes, targets.ready()]).toEqual([[add('first')], true]);
    await rotate('second');
    expect(writes).toEqual([add('first'), add('second')]);
    abort.abort();
    await kept.done;
  });

  it('leaves alone what is right already', async () => {
    const kube = fakeKube();
    const caBundle = Buffer.from('first').toString('base64');
    kube.put(resources.mutatingWebhookConfigurations, {
      metadata: { name },
      webhooks: [{ clientConfig: { caBundle } }],
    });
    const { abort, writes, targets, clock } = started(kube);
    await clock.advance(0);
    expect([writes, targets.ready()]).toEqual([[], true]);
    abort.abort();
  });

  it('waits for a configuration that is not there yet', async () => {
    const kube = fakeKube();
    const { abort, writes, targets, clock } = started(kube);
    await clock.advance(0);
    expect(targets.ready()).toBe(false);
    kube.put(resources.mutatingWebhookConfigurations, { metadata: { name } });
    await clock.advance(2_000);
    expect([writes, targets.ready()]).toEqual([[add('first')], true]);
    abort.abort();
  });
});
