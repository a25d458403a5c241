import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { containerNames, type Pod } from '../pod.ts';
import { type World, world } from './world.ts';

describe('a user annotates a pod', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('annotate');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
  });
  afterAll(() => story.end());

  it('gets its component and the sidecar started before the app', async () => {
    const pod = await story.pod('shop');
    expect(containerNames(pod)).toEqual(['component-orders', 'daprd', 'shop']);
    expect(pod.metadata.labels).toMatchObject({ 'dapr.io/sidecar-injected': 'true', 'dapr.io/app-id': 'shop' });
  });

  it('leaves a pod without the annotation as it was', async () => {
    const pod = await story.pod('redis');
    expect(containerNames(pod)).toEqual(['redis']);
  });

  it('runs every container it adds under the restricted Pod Security standard', async () => {
    await story.kubectl('label', 'namespace', story.namespace, 'pod-security.kubernetes.io/enforce=restricted');
    const before = await story.pod('shop');
    await story.kubectl('delete', 'pod', '-n', story.namespace, before.metadata.name, '--wait=false');
    const anew = (pod: Pod) => pod.metadata.uid !== before.metadata.uid;
    expect(containerNames(await story.pod('shop', anew))).toContain('daprd');
  });

  it('gives the app its own Service for other apps to find', async () => {
    const found = await story.watch('v1/services', (service: { metadata: { name: string } }) =>
      service.metadata.name === 'shop-dapr' ? service : undefined,
    );
    expect(found).toMatchObject({ metadata: { annotations: { 'dapr.io/app-id': 'shop' } } });
  });
});
