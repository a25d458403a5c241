import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { deployments, systemNamespace } from '../helm.ts';
import { isReadyPod, type Pod } from '../pod.ts';
import { startLoad } from './orders.ts';
import { trustBundle } from './trust-bundle.ts';
import { type World, world } from './world.ts';

describe('sentry is restarted', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('sentry-restarted');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.pod('redis');
    await story.pod('shop');
    await story.served('shop');
  });
  afterAll(() => story.end());

  it('keeps its trust bundle, refuses no order meanwhile, and signs for new pods afterwards', async () => {
    const [before, pod] = [await trustBundle(story.kubectl), await story.pod('shop')];
    const load = startLoad(story);
    await load.more(20);
    await story.kubectl('rollout', 'restart', '-n', systemNamespace, deployments.sentry);
    await story.kubectl('rollout', 'status', '-n', systemNamespace, deployments.sentry, '--timeout=5m');
    await load.more(20);
    await load.stop();
    expect(load.refused).toEqual([]);
    expect(await trustBundle(story.kubectl)).toEqual(before);

    await story.kubectl('delete', 'pod', '-n', story.namespace, pod.metadata.name, '--wait=false');
    const anew = await story.pod('shop', (now: Pod) => isReadyPod(now) && now.metadata.uid !== pod.metadata.uid);
    expect(anew.status.phase).toBe('Running');
  });
});
