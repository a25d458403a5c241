import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { describe, expect, it } from '#kit/testing/test.ts';
import { startControlPlane } from './control-plane.ts';

describe('startControlPlane', () => {
  it('serves a real Kubernetes API to an administrator and leaves nothing behind', async () => {
    const plane = await startControlPlane();
    const config = new KubeConfig();
    config.loadFromFile(plane.kubeconfig);
    const core = config.makeApiClient(CoreV1Api);

    await core.createNamespace({ body: { metadata: { name: 'shop' } } });
    await core.createNamespacedConfigMap({
      namespace: 'shop',
      body: { metadata: { name: 'settings' }, data: { colour: 'blue' } },
    });
    const read = await core.readNamespacedConfigMap({ namespace: 'shop', name: 'settings' });
    expect(read.data).toEqual({ colour: 'blue' });

    await plane[Symbol.asyncDispose]();
    await expect(access(dirname(plane.kubeconfig))).rejects.toThrow('ENOENT');
    await expect(core.listNamespace()).rejects.toThrow();
  });

  it('runs beside another one', async () => {
    await using first = await startControlPlane();
    await using second = await startControlPlane();
    expect(first.server).not.toBe(second.server);
  });
});
