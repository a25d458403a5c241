import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { type Conditioned, condition } from '../conditions.ts';
import { deployments, systemNamespace } from '../helm.ts';
import { containerNames } from '../pod.ts';
import { type World, world } from './world.ts';

describe('the webhook is down and comes back', () => {
  let story: World;
  const scale = async (replicas: number): Promise<void> => {
    const where = ['-n', systemNamespace, deployments.injector];
    await story.kubectl('scale', ...where, `--replicas=${replicas}`);
    await story.kubectl('rollout', 'status', ...where, '--timeout=5m');
  };

  beforeAll(async () => {
    story = await world('webhook-down');
    await scale(0);
    const gone = ['wait', '--for=delete', 'pod', '--timeout=5m'];
    await story.kubectl(...gone, '-n', systemNamespace, '-l', 'app=dapr-sidecar-injector');
  });
  afterAll(async () => {
    await scale(1);
    await story.end();
  });

  it('holds back an annotated pod rather than start it without its sidecar', async () => {
    await story.deploy('orders.yaml', 'shop.yaml');
    const held = await story.watch('apps/v1/deployments', (object: Conditioned) =>
      object.metadata.name === 'shop' ? condition(object, 'ReplicaFailure', 'True') : undefined,
    );
    expect(held.message).toContain('webhook');
  });

  it('lets every other pod start', async () => {
    await story.deploy('redis.yaml');
    expect(containerNames(await story.pod('redis'))).toEqual(['redis']);
  });

  it('starts the annotated pod, sidecar and all, once the webhook is back', async () => {
    await scale(1);
    expect(containerNames(await story.pod('shop'))).toContain('daprd');
  });
});
