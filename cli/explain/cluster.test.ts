import { daprResources, resources } from '#kit/kube/resource.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { clusterSettings } from './cluster.ts';

const till = { appId: 'till', namespace: 'store' };

function cluster(annotations: Record<string, string> = {}) {
  const kube = fakeKube();
  const pod = (name: string, creationTimestamp: string, more: Record<string, string>) =>
    kube.put(resources.pods, {
      metadata: { name, namespace: 'store', creationTimestamp, annotations: { 'dapr.io/app-id': 'till', ...more } },
    });
  pod('till-old', '2026-11-20T00:00:00Z', { 'dapr.io/config': 'before' });
  pod('till-new', '2026-11-21T00:00:00Z', annotations);
  const resiliency = (name: string, namespace: string, scopes?: string[]) =>
    kube.put(daprResources.resiliencies, { metadata: { name, namespace }, spec: {}, ...(scopes && { scopes }) });
  resiliency('calm', 'store');
  resiliency('mine', 'store', ['till']);
  resiliency('other', 'store', ['mail']);
  resiliency('far', 'elsewhere');
  return kube;
}

describe('what a cluster gives to the sidecars of an app', () => {
  it('is the Resiliency resources of its namespace, and the Configuration of its newest pod', async () => {
    const kube = cluster({ 'dapr.io/config': 'rules', 'dapr.io/app-protocol': 'grpc' });
    kube.put(daprResources.configurations, { metadata: { name: 'rules', namespace: 'store' }, spec: { api: {} } });
    const { from, question, appProtocol } = await clusterSettings(kube.client, till);
    expect(from).toBe('pod till-new in namespace store: Resiliency calm, Resiliency mine, Configuration rules');
    expect(appProtocol).toBe('grpc');
    const named = (name: string) => expect.objectContaining({ metadata: expect.objectContaining({ name }) });
    expect(question).toMatchObject({
      manifests: {
        resiliencies: [named('calm'), named('mine'), named('other')],
        configuration: { kind: 'Configuration', spec: { api: {} } },
      },
    });
  });

  it('has no Configuration where the pod names none', async () => {
    const { question, appProtocol } = await clusterSettings(cluster().client, till);
    expect(question).not.toHaveProperty('manifests.configuration');
    expect(appProtocol).toBe('http');
  });

  it('says what is missing', async () => {
    const kube = cluster({ 'dapr.io/config': 'gone' });
    await expect(clusterSettings(kube.client, till)).rejects.toThrow(
      'pod till-new names the Configuration gone (dapr.io/config), which cannot be read',
    );
    await expect(clusterSettings(kube.client, { ...till, namespace: 'prod' })).rejects.toThrow(
      'no pod in namespace prod is annotated dapr.io/app-id: till',
    );
  });
});
