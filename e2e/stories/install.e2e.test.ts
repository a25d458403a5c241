import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { helm, release, systemNamespace } from '../helm.ts';
import type { PodList } from '../pod.ts';
import { type World, world } from './world.ts';

describe('a user installs the chart', () => {
  let story: World;
  beforeAll(async () => {
    story = await world('install');
  });
  afterAll(() => story.end());

  it('has operator, injector and sentry running, none of them as root', async () => {
    const { items } = await story.kubectl.json<PodList>('get', 'pods', '-n', systemNamespace);
    const names = items.map(({ metadata }) => metadata.name).join(' ');
    for (const name of ['operator', 'injector', 'sentry']) expect(names).toContain(name);
    expect(items.every(({ status }) => status.phase === 'Running' || status.phase === 'Succeeded')).toBe(true);
    const told = await story.kubectl(
      ...['label', 'namespace', systemNamespace],
      '--overwrite',
      '--dry-run=server',
      restricted,
    );
    expect(told).not.toContain('violate');
  });

  it('has every kind of resource, and a helm test that passes', async () => {
    const kinds = await story.kubectl('get', 'crd', '-o', 'name');
    for (const kind of ['components', 'configurations', 'subscriptions', 'resiliencies', 'httpendpoints']) {
      expect(kinds).toContain(`${kind}.dapr.io`);
    }
    const told = await helm(story.target.kubeconfig, 'test', release, '-n', systemNamespace, '--timeout', '5m');
    expect(told).toContain('Phase:          Succeeded');
  });

  it('lets nobody list the Secrets of the cluster', async () => {
    const accounts = await story.kubectl.json<{ items: { metadata: { name: string } }[] }>(
      ...['get', 'serviceaccounts', '-n', systemNamespace],
    );
    for (const { metadata } of accounts.items) {
      const as = `--as=system:serviceaccount:${systemNamespace}:${metadata.name}`;
      const mayList = story.kubectl('auth', 'can-i', 'list', 'secrets', '--all-namespaces', '--quiet', as);
      await expect(mayList.then(() => metadata.name)).rejects.toThrow('can-i');
    }
  });
});

const restricted = 'pod-security.kubernetes.io/enforce=restricted';
