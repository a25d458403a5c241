import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { checkout } from '../checkout.ts';
import { startNodeRelay } from '../cluster/node-relay.ts';
import { type Docker, startDocker } from '../docker.ts';
import { installChart, systemNamespace } from '../helm.ts';
import { containerNames, type PodList } from '../pod.ts';
import { type Registry, startRegistry } from '../registry.ts';
import { run } from '../run.ts';
import { clusterFolder } from '../target.ts';
import { type World, world } from './world.ts';

describe('a user runs the demo on a cluster and a registry of their own, with docker', () => {
  const opened = new AsyncDisposableStack();
  let story: World;
  let registry: Registry;
  let docker: Docker;
  let kubeconfig: string;

  const demo = (command: 'up' | 'down'): Promise<string> =>
    run(process.execPath, ['demo/main.ts', command], {
      cwd: checkout,
      env: { KUBECONFIG: kubeconfig, REGISTRY: `${registry.name}/me`, DOCKER_HOST: docker.host },
    });
  const images = async (namespace: string): Promise<string[]> => {
    const { items } = await story.kubectl.json<PodList>('get', 'pods', '-n', namespace);
    return items.flatMap(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers].map(({ image }) => image));
  };

  beforeAll(async () => {
    story = await world('own-cluster');
    const folder = await mkdtemp(join(tmpdir(), 'outrigger-own-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    // Under another name it is a cluster like any other.
    kubeconfig = join(folder, 'kubeconfig');
    await copyFile(story.target.kubeconfig, kubeconfig);
    registry = opened.use(await startRegistry());
    opened.use(await startNodeRelay(clusterFolder(), registry.port));
    docker = opened.use(await startDocker());
  });
  afterAll(async () => {
    await opened.disposeAsync();
    await installChart(story.target);
    await story.end();
  });

  it('sees the orders, and every pod run an image that the cluster pulled from the registry', async () => {
    const shown = await demo('up');
    expect(shown).toContain(`push them to ${registry.name}/me`);
    expect(shown).toContain('shop||1001');
    for (const namespace of ['shop', systemNamespace]) {
      const found = await images(namespace);
      expect(found.filter((image) => !image.startsWith(`${registry.name}/me/`))).toEqual([]);
    }
    const { items } = await story.kubectl.json<PodList>('get', 'pods', '-n', 'shop', '-l', 'app=shop');
    expect(items.map(containerNames)).toEqual([['component-orders', 'daprd', 'shop']]);
  }, 1_200_000);

  it('finds the cluster as it was once the demo is down', async () => {
    await demo('down');
    const left = await story.kubectl(
      'get',
      'namespaces,crds,clusterroles,clusterrolebindings,mutatingwebhookconfigurations',
      '-o',
      'name',
    );
    expect(left).not.toMatch(/namespace\/shop|outrigger-system|dapr/);
  });
});
