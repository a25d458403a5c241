import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { killContainer } from '../cluster/kill-container.ts';
import { containerStatus, isReadyPod, type Pod } from '../pod.ts';
import { clusterFolder } from '../target.ts';
import { readOrder, startLoad } from './orders.ts';
import { type World, world } from './world.ts';

describe('a component container is killed under load', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('component-killed');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.pod('redis');
    await story.pod('shop');
    await story.served('shop');
  });
  afterAll(() => story.end());

  it('comes back, takes orders again, and no acknowledged order is lost', async () => {
    const pod = await story.pod('shop');
    const load = startLoad(story);
    await load.more(50);
    await killContainer(clusterFolder(), containerStatus(pod, 'component-orders')?.containerID ?? '');
    const restarted = (now: Pod) => containerStatus(now, 'component-orders')?.restartCount === 1 && isReadyPod(now);
    const after = await story.pod('shop', restarted);
    await load.more(50);
    await load.stop();

    expect(after.metadata.uid).toBe(pod.metadata.uid);
    expect(containerStatus(after, 'daprd')?.restartCount).toBe(0);
    const lost: string[] = [];
    for (const id of load.acknowledged) if (!(await readOrder(story, id))) lost.push(id);
    expect(lost).toEqual([]);
  });
});
