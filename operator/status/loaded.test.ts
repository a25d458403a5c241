import { describe, expect, it } from '#kit/testing/test.ts';
import { daprPod } from '../pod.ts';
import type { DaprResource } from '../resource.ts';
import { loadedBy } from './loaded.ts';
import { openReports } from './reports.ts';

const pod = (name: string, annotations: Record<string, string> = {}) =>
  daprPod({
    metadata: {
      name,
      namespace: 'shop',
      labels: { 'dapr.io/sidecar-injected': 'true' },
      annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'till', ...annotations },
    },
  })!;
const orders = (annotations: Record<string, string> = {}): DaprResource => ({
  metadata: { name: 'orders', namespace: 'shop', annotations },
});
const reported = (podName: string, loaded: boolean, error = '') => {
  const reports = openReports();
  const components = [{ name: 'orders', observedGeneration: 1n, loaded, error }] as never;
  reports.take({ namespace: 'shop', podName, components, problems: [], kinds: [] }, 0);
  return reports;
};

describe('loadedBy', () => {
  it('counts the sidecars that should have it and those that do', () => {
    const pods = [pod('till-1'), pod('till-2')];
    expect(loadedBy(orders(), pods, reported('till-1', true))).toMatchObject({
      loaded: '1/2',
      finding: { status: 'Unknown', reason: 'Waiting' },
    });
    expect(loadedBy(orders(), [pod('till-1')], reported('till-1', true)).finding.status).toBe('True');
  });

  it('names the pod whose sidecar failed, and its error', () => {
    const { finding, failures } = loadedBy(orders(), [pod('till-1')], reported('till-1', false, 'no route to redis'));
    expect(finding).toMatchObject({ status: 'False', reason: 'Failed' });
    expect(failures).toEqual([{ pod: 'till-1', message: 'no route to redis', time: '1970-01-01T00:00:00Z' }]);
  });

  it('names the pods that are older than the wish for a container, which only a new pod gets', () => {
    const hosted = orders({ 'outrigger.dev/host': 'container' });
    const pods = [pod('till-1'), pod('till-2', { 'outrigger.dev/component-containers': 'cache,orders' })];
    const { finding } = loadedBy(hosted, pods, reported('till-1', false, 'init timeout'));
    expect(finding).toMatchObject({ status: 'False', reason: 'ContainerMissing' });
    expect(finding.message).toContain('must be made anew: till-1');
    expect(finding.message).not.toContain('till-2');
  });
});
