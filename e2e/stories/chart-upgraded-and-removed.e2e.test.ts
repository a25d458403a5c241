import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { helm, installChart, release, systemNamespace } from '../helm.ts';
import { containerNames, isReadyPod, type Pod } from '../pod.ts';
import { readOrder, startLoad } from './orders.ts';
import { trustBundle } from './trust-bundle.ts';
import { type World, world } from './world.ts';

describe('a user upgrades the chart and removes it', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('chart');
    await story.deploy('redis.yaml', 'orders.yaml', 'shop.yaml');
    await story.pod('redis');
    await story.pod('shop');
    await story.served('shop');
  });
  afterAll(async () => {
    await installChart(story.target);
    await story.end();
  });

  it('keeps the trust bundle and every running app through an upgrade', async () => {
    const before = await trustBundle(story.kubectl);
    const load = startLoad(story);
    await load.more(20);
    await installChart(story.target, 'global.logAsJson=true');
    await load.more(20);
    await load.stop();
    expect(load.refused).toEqual([]);
    expect(await trustBundle(story.kubectl)).toEqual(before);
  });

  it('leaves no webhook behind when it is removed, and running apps go on', async () => {
    await helm(story.target.kubeconfig, 'uninstall', release, '-n', systemNamespace, '--wait', '--timeout', '5m');
    const webhooks = await story.kubectl(
      ...['get', 'mutatingwebhookconfigurations,validatingwebhookconfigurations', '-o', 'name'],
    );
    expect(webhooks.trim()).toBe('');
    const load = startLoad(story);
    await load.more(20);
    await load.stop();
    expect(await readOrder(story, load.acknowledged[0] ?? '')).toBeDefined();
  });

  it('starts annotated pods as they are written from then on', async () => {
    const before = await story.pod('shop');
    await story.kubectl('delete', 'pod', '-n', story.namespace, before.metadata.name, '--wait=false');
    const anew = (pod: Pod) => isReadyPod(pod) && pod.metadata.uid !== before.metadata.uid;
    expect(containerNames(await story.pod('shop', anew))).toEqual(['shop']);
  });
});
