import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Condition } from '#crds/metav1.ts';
import { startInformer } from '#kit/kube/informer.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { afterEach, describe, expect, it } from '#kit/testing/test.ts';
import { ReportComponentsRequestSchema } from '#proto/outrigger/operator/v1/status_pb.js';
import { secretReader } from '../api/secrets.ts';
import { daprPod } from '../pod.ts';
import type { DaprResource } from '../resource.ts';
import { openReports } from '../status/reports.ts';
import { secretWaitMs } from '../status/secrets-resolved.ts';
import { startInUse } from './in-use.ts';

type Policies = KubeObject & { status?: { conditions?: Condition[] } };

const at = { namespace: 'shop', name: 'calls' };
const settledMs = 10_000;
const graceMs = 360_000;

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function world() {
  const kube = fakeKube();
  const clock = fakeClock();
  const reports = openReports();
  const base = { client: kube.client, log: silentLogger, signal: new AbortController().signal, clock };
  const dapr = (name: keyof typeof daprResources) =>
    startInformer<DaprResource>({ ...base, resource: daprResources[name] });
  const caches = {
    subscriptions: dapr('subscriptions'),
    resiliencies: dapr('resiliencies'),
    httpEndpoints: dapr('httpEndpoints'),
    pods: startInformer({ ...base, resource: resources.pods, transform: daprPod }),
  };
  opened.push(...Object.values(caches));
  await Promise.all(Object.values(caches).map(({ synced }) => synced));
  const controller = startInUse({ ...base, caches, secrets: secretReader(kube.client), reports });
  opened.push(controller);

  const apply = (generation: number, more: object = {}) => {
    const { status } = kube.read<Policies>(daprResources.resiliencies, at) ?? {};
    const metadata = { ...at, uid: 'calls', generation };
    kube.put(daprResources.resiliencies, { metadata, spec: {}, ...more, ...(status && { status }) });
  };
  const run = (name: string) =>
    kube.put(resources.pods, {
      metadata: {
        ...{ namespace: 'shop', name, labels: { 'dapr.io/sidecar-injected': 'true' } },
        annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'till' },
      },
    });
  const stop = (name: string) => {
    kube.remove(resources.pods, { namespace: 'shop', name });
    reports.forget(`shop/${name}`);
  };
  const say = (podName: string, error?: string, kinds = ['Resiliency']) => {
    const problems = error === undefined ? [] : [{ kind: 'Resiliency', name: 'calls', observedGeneration: 1n, error }];
    const report: MessageInitShape<typeof ReportComponentsRequestSchema> = {
      namespace: 'shop',
      podName,
      problems,
      kinds,
    };
    controller.reported('shop', reports.take(create(ReportComponentsRequestSchema, report), clock.now()));
  };
  const condition = (type: string) =>
    kube.read<Policies>(daprResources.resiliencies, at)?.status?.conditions?.find((one) => one.type === type);
  return { clock, kube, apply, run, stop, say, condition };
}

describe('the status of kinds that sidecars take into use', () => {
  it('says nothing of what is loaded where only sidecars run that never say so, such as those of Dapr', async () => {
    const { clock, apply, run, condition } = await world();
    run('till-1');
    apply(1);
    await clock.advance(graceMs + settledMs);
    expect(condition('Accepted')?.status).toBe('True');
    expect(condition('Loaded')).toBeUndefined();
  });

  it('waits for a sidecar that has told of its components only, such as one that does not come up', async () => {
    const { clock, apply, run, say, condition } = await world();
    run('till-1');
    apply(1);
    say('till-1', undefined, []);
    await clock.advance(settledMs);
    expect(condition('Loaded')).toBeUndefined();
    say('till-1');
    await clock.advance(settledMs);
    expect(condition('Loaded')?.status).toBe('True');
  });

  it('names the sidecar that does not use it, until it does', async () => {
    const { clock, apply, run, say, condition } = await world();
    for (const name of ['till-1', 'till-2']) run(name);
    apply(1);
    say('till-1', 'no such policy; the version before it serves on');
    say('till-2');
    await clock.advance(settledMs);
    expect(condition('Loaded')).toMatchObject({
      ...{ status: 'False', reason: 'Failed' },
      message: '1 sidecar does not use its newest version; till-1: no such policy; the version before it serves on',
    });
    say('till-1');
    await clock.advance(settledMs);
    expect(condition('Loaded')).toMatchObject({ status: 'True', reason: 'Loaded' });
  });

  it('gives sidecars time to look at a new version before it says that all is well', async () => {
    const { clock, apply, run, say, condition } = await world();
    run('till-1');
    say('till-1');
    await clock.advance(settledMs);
    apply(1);
    await clock.advance(1_000);
    expect([condition('Accepted')?.status, condition('Loaded')]).toEqual(['True', undefined]);
    await clock.advance(settledMs);
    expect(condition('Loaded')).toMatchObject({ status: 'True', observedGeneration: 1 });
  });

  it('does not count sidecars that are not meant to use it, nor those that are gone', async () => {
    const { clock, apply, run, stop, say, condition } = await world();
    run('till-1');
    apply(1, { scopes: ['cart'] });
    say('till-1', 'no such policy');
    await clock.advance(settledMs);
    expect(condition('Loaded')).toBeUndefined();
    apply(2);
    await clock.advance(settledMs);
    expect(condition('Loaded')?.status).toBe('False');
    stop('till-1');
    await clock.advance(settledMs);
    expect(condition('Loaded')).toMatchObject({ status: 'Unknown', reason: 'NoSidecars' });
  });

  it('leaves what the last leader wrote until all sidecars had time to report again', async () => {
    const { clock, apply, run, say, condition } = await world();
    const before = { type: 'Loaded', status: 'False', reason: 'Failed', message: 'till-2: no such policy' };
    const lastTransitionTime = '2026-11-21T07:00:00Z';
    for (const name of ['till-1', 'till-2']) run(name);
    await clock.advance(0);
    apply(1, { status: { observedGeneration: 1, conditions: [{ ...before, lastTransitionTime }] } });
    say('till-1');
    await clock.advance(settledMs);
    expect(condition('Loaded')).toMatchObject(before);
    await clock.advance(graceMs);
    expect(condition('Loaded')?.status).toBe('True');
  });

  it('names the secret that an HTTPEndpoint lacks, and looks for it again', async () => {
    const { clock, kube } = await world();
    const header = { name: 'Authorization', secretKeyRef: { name: 'payments', key: 'token' } };
    kube.put(daprResources.httpEndpoints, {
      metadata: { namespace: 'shop', name: 'payments', uid: 'payments', generation: 1 },
      spec: { baseUrl: 'https://payments.test', headers: [header] },
    } as KubeObject);
    const resolved = () =>
      kube
        .read<Policies>(daprResources.httpEndpoints, { namespace: 'shop', name: 'payments' })
        ?.status?.conditions?.find(({ type }) => type === 'SecretsResolved');
    await clock.advance(settledMs);
    expect(resolved()).toMatchObject({
      ...{ status: 'False', reason: 'NotFound' },
      message: 'spec.headers Authorization: there is no Secret payments',
    });
    const secret = { metadata: { namespace: 'shop', name: 'payments' }, data: { token: 'c2VjcmV0' } };
    kube.put(resources.secrets, secret as KubeObject);
    await clock.advance(secretWaitMs);
    expect(resolved()?.status).toBe('True');
  });

  it('does not call loaded what no sidecar can read', async () => {
    const { clock, apply, run, say, condition } = await world();
    run('till-1');
    say('till-1');
    apply(1, { spec: { targets: { apps: 'all' } } });
    await clock.advance(settledMs);
    expect(condition('Accepted')).toMatchObject({ status: 'False', reason: 'Invalid' });
    expect(condition('Loaded')).toMatchObject({ status: 'False', reason: 'NotAccepted' });
  });
});
