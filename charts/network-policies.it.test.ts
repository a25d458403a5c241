import type { V1NetworkPolicy } from '@kubernetes/client-node';
import { describe, expect, it } from '#kit/testing/test.ts';
import { allows, type End } from './testing/network-policy.ts';
import { type Manifest, ofKind, render } from './testing/render.ts';

const services = ['dapr-sentry', 'dapr-operator', 'dapr-sidecar-injector'] as const;
const pod = (app: string): End => ({ app });
const policiesOf = (manifests: readonly Manifest[]) =>
  manifests.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as V1NetworkPolicy[];

/** Every port that a Service leads to, with the labels of the pods behind it. */
function served(manifests: readonly Manifest[]): [string, End, number][] {
  const deployments = Object.values(ofKind(manifests, 'Deployment'));
  return Object.values(ofKind(manifests, 'Service')).flatMap(({ metadata, spec }) => {
    const behind = deployments.find((one) => one['spec'].template.metadata.labels.app === spec.selector.app)!;
    const { containers } = behind['spec'].template.spec;
    return spec.ports.map(({ targetPort }: { targetPort: number | string }) => {
      const named = containers[0].ports.find((port: { name: string }) => port.name === targetPort);
      return [metadata.name, behind['spec'].template.metadata.labels, named?.containerPort ?? targetPort];
    });
  });
}

describe('the network policies', () => {
  it('let everybody in where a Service leads to, OIDC and metrics too', async () => {
    const manifests = await render('dapr_sentry.oidc.enabled=true', 'dapr_sentry.oidc.tls.enabled=false');
    const policies = policiesOf(manifests);
    const ports = served(manifests);
    expect(ports).toHaveLength(9);
    for (const [service, to, port] of ports) {
      expect([service, port, allows(policies, { from: 'elsewhere', to, port })]).toEqual([service, port, true]);
    }
  });

  it('let nobody in elsewhere', async () => {
    const policies = policiesOf(await render());
    for (const service of services) {
      expect(allows(policies, { from: 'elsewhere', to: pod(service), port: 8080 })).toBe(false);
      expect(allows(policies, { from: pod('shop'), to: pod(service), port: 22 })).toBe(false);
    }
  });

  it('let the control plane ask for names, the API server and its own parts, and nothing else', async () => {
    const policies = policiesOf(await render());
    const calls = services.filter((app) =>
      services.some((to) =>
        allows(policies, { from: pod(app), to: pod(to), port: to === 'dapr-sentry' ? 50_001 : 6500 }),
      ),
    );
    expect(calls).toEqual(['dapr-operator', 'dapr-sidecar-injector']);
    expect(allows(policies, { from: pod('dapr-operator'), to: pod('dapr-operator'), port: 6500 })).toBe(true);
    for (const service of services) {
      const from = pod(service);
      for (const port of [443, 6443]) expect(allows(policies, { from, to: 'elsewhere', port })).toBe(true);
      expect(allows(policies, { from, to: 'elsewhere', port: 53, protocol: 'UDP' })).toBe(true);
      expect(allows(policies, { from, to: 'elsewhere', port: 80 })).toBe(false);
      expect(allows(policies, { from, to: pod('shop'), port: 8080 })).toBe(false);
    }
  });

  it('let the control plane reach a sentry that is another than its own', async () => {
    const policies = policiesOf(await render('global.mtls.sentryAddress=sentry.corp.example:8443'));
    const port = 8443;
    expect(allows(policies, { from: pod('dapr-operator'), to: 'elsewhere', port })).toBe(true);
    expect(allows(policies, { from: pod('dapr-sidecar-injector'), to: 'elsewhere', port })).toBe(true);
  });

  it('leave what goes out alone where the ports of the API server are not told', async () => {
    const policies = policiesOf(await render('global.networkPolicy.apiServerPorts=null'));
    expect(allows(policies, { from: pod('dapr-operator'), to: 'elsewhere', port: 80 })).toBe(true);
    expect(allows(policies, { from: 'elsewhere', to: pod('dapr-operator'), port: 80 })).toBe(false);
  });
});
