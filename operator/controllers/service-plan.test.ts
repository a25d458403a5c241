import { describe, expect, it } from '#kit/testing/test.ts';
import { isAsPlanned, planService, serviceName } from './service-plan.ts';
import type { Workload } from './workload.ts';

const workload = (annotations: Record<string, string>): Workload => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'cart',
  uid: 'u1',
  annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'cart', ...annotations },
  matchLabels: { app: 'cart' },
  deleting: false,
  injector: false,
  readyReplicas: 1,
});

const ports = (annotations: Record<string, string>, mtls = true) =>
  planService(workload(annotations), { mtls }).spec.ports.map(
    ({ name, port, targetPort, appProtocol }) => `${name} ${port}->${targetPort} ${appProtocol}`,
  );

describe('planService', () => {
  it('is headless, selects the pods and belongs to the workload', () => {
    const { metadata, spec } = planService(workload({}), { mtls: true });
    expect(metadata).toMatchObject({ name: 'cart-dapr', namespace: 'shop', labels: { 'dapr.io/enabled': 'true' } });
    expect(metadata.ownerReferences).toEqual([
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'cart',
        uid: 'u1',
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    expect(spec).toMatchObject({ clusterIP: 'None', selector: { app: 'cart' } });
  });

  it('has the four ports of a sidecar', () => {
    expect(ports({})).toEqual([
      'dapr-http 80->3500 http',
      'dapr-grpc 50001->50001 grpc',
      'dapr-internal 50002->50002 tls',
      'dapr-metrics 9090->9090 http',
    ]);
    expect(
      ports({ 'dapr.io/grpc-port': '6001', 'dapr.io/internal-grpc-port': '6002', 'dapr.io/metrics-port': 'x' }, false),
    ).toEqual([
      'dapr-http 80->3500 http',
      'dapr-grpc 6001->6001 grpc',
      'dapr-internal 6002->6002 grpc',
      'dapr-metrics 9090->9090 http',
    ]);
  });

  it('asks to be scraped unless metrics are off, and takes annotations but its own', () => {
    const annotations = (given: Record<string, string>) =>
      planService(workload(given), { mtls: true }).metadata.annotations;
    expect(
      annotations({ 'dapr.io/sidecar-svc-annotations': 'a.b/c=d=e, x = y ,prometheus.io/port=1,=z,bare' }),
    ).toEqual({
      'dapr.io/app-id': 'cart',
      'prometheus.io/probe': 'true',
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '9090',
      'prometheus.io/path': '/',
      'a.b/c': 'd=e',
      x: 'y',
    });
    expect(annotations({ 'dapr.io/enable-metrics': 'false' })).toEqual({ 'dapr.io/app-id': 'cart' });
  });

  it.each(['', 'Cart', 'a.b', 'a'.repeat(59), '-a'])('refuses app ID %p', (appId) => {
    expect(() => serviceName(appId)).toThrow('dapr.io/app-id');
  });
});

describe('isAsPlanned', () => {
  it('sees past what the API server adds, and sees what was changed', () => {
    const planned = planService(workload({}), { mtls: true });
    const stored = structuredClone(planned);
    Object.assign(stored.metadata, { uid: 's1', resourceVersion: '5' });
    expect(isAsPlanned(planned, stored)).toBe(true);
    stored.metadata.labels = {};
    expect(isAsPlanned(planned, stored)).toBe(false);
  });
});
