import type { V1Container, V1Pod } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type RunningInjector, startInjector } from './testing/running-injector.ts';

let running: RunningInjector;

beforeAll(async () => {
  running = await startInjector();
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
});

const restricted = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  runAsUser: 1000,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

const podOf = (name: string, annotations: Record<string, string>, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, annotations },
  spec: {
    restartPolicy: 'Never',
    containers: [{ name: 'app', image: 'app:1', securityContext: restricted }],
    ...spec,
  },
});

const asking = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'shop' };

async function create(pod: object, namespace = 'shop'): Promise<V1Pod> {
  const text = await running.kubectl(['create', '-n', namespace, '-o', 'json', '-f', '-'], JSON.stringify(pod));
  return JSON.parse(text) as V1Pod;
}

const apply = (namespace: string, object: object) =>
  running.kubectl(['apply', '-n', namespace, '-f', '-'], JSON.stringify(object));

const componentOf = (name: string, annotations: Record<string, string>) => ({
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Component',
  metadata: { name, annotations },
  spec: { type: 'state.redis', version: 'v1', metadata: [] },
});

const names = (containers: V1Container[] = []) => containers.map(({ name }) => name);

describe('a real API server that asks the injector', () => {
  it('stores an annotated pod with a native sidecar before its own init containers', async () => {
    const pod = await create(podOf('native', asking, { initContainers: [{ name: 'migrate', image: 'app:1' }] }));
    expect(names(pod.spec?.initContainers)).toEqual(['daprd', 'migrate']);
    expect(pod.spec?.initContainers?.[0]).toMatchObject({
      image: 'outrigger/daprd:test',
      restartPolicy: 'Always',
      startupProbe: { httpGet: { path: '/v1.0/healthz/outbound', port: 3501 } },
    });
    expect(pod.metadata?.labels).toMatchObject({ 'dapr.io/sidecar-injected': 'true', 'dapr.io/app-id': 'shop' });
    expect(pod.spec?.containers[0]?.env).toContainEqual({ name: 'DAPR_HTTP_PORT', value: '3500' });
  });

  it('stores it with a regular one when it asks for that', async () => {
    const pod = await create(podOf('regular', { ...asking, 'dapr.io/enable-native-sidecar': 'false' }));
    expect(names(pod.spec?.containers)).toEqual(['app', 'daprd']);
  });

  it('leaves a pod alone that does not ask', async () => {
    const pod = await create(podOf('plain', { 'dapr.io/app-id': 'shop' }));
    expect([pod.spec?.initContainers, names(pod.spec?.containers)]).toEqual([undefined, ['app']]);
  });

  it('accepts everything that is added under the restricted Pod Security Standard', async () => {
    await apply('restricted', componentOf('orders', { 'outrigger.dev/host': 'container' }));
    await apply('restricted', componentOf('store', { 'dapr.io/component-container': '{"image":"store:1"}' }));
    const annotations = { ...asking, 'dapr.io/inject-pluggable-components': 'true', 'dapr.io/enable-debug': 'true' };
    const pod = await create(podOf('all', annotations), 'restricted');
    expect(names(pod.spec?.initContainers)).toEqual(['store', 'component-orders', 'daprd']);
  });

  it('refuses a pod whose Component carries a bad container, and says which', async () => {
    await apply('shop', componentOf('broken', { 'dapr.io/component-container': '{"image":' }));
    const pod = podOf('refused', { ...asking, 'dapr.io/inject-pluggable-components': 'true' });
    await expect(create(pod)).rejects.toThrow(
      'denied the request: Component "shop/broken": annotation dapr.io/component-container is not JSON',
    );
    await expect(running.kubectl(['get', 'pod', '-n', 'shop', 'refused'])).rejects.toThrow('not found');
    await running.kubectl(['delete', 'component', '-n', 'shop', 'broken']);
  });

  it('tells who creates a pod of a misspelt annotation', async () => {
    const pod = podOf('misspelt', { ...asking, 'dapr.io/app-prot': '3000' });
    const args = ['create', '-n', 'shop', '--warnings-as-errors', '-f', '-'];
    await expect(running.kubectl(args, JSON.stringify(pod))).rejects.toThrow(
      'annotation dapr.io/app-prot is unknown, did you mean dapr.io/app-port?',
    );
  });

  it('holds up annotated pods alone while the injector is away, and goes on once it is back', async () => {
    await running.injector.kill();
    await expect(create(podOf('held-up', asking))).rejects.toThrow('failed calling webhook');
    await create(podOf('untouched', {}));
    await running.restart();
    expect(names((await create(podOf('held-up', asking))).spec?.initContainers)).toEqual(['daprd']);
  });
});
