import { join } from 'node:path';
import { binaries } from '#e2e/cluster/binaries.ts';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { chart, helm } from '#e2e/helm.ts';
import { run } from '#e2e/run.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { namespace, ofKind, render, settings } from './testing/render.ts';

let cluster: ControlPlane;
let kubectl: (args: string[], input?: string) => Promise<string>;

beforeAll(async () => {
  cluster = await startControlPlane();
  const program = join(await binaries('kubernetes'), 'kubectl');
  kubectl = (args, input = '') => run(program, ['--kubeconfig', cluster.kubeconfig, ...args], { input });
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('the chart', () => {
  it('passes helm lint', async () => {
    await helm(cluster.kubeconfig, 'lint', chart, '--strict');
  });

  it('renders the same twice', async () => {
    expect(await render()).toEqual(await render());
  });

  it('has the Services that sidecars and Dapr look for', async () => {
    const services = ofKind(await render(), 'Service');
    const ports = Object.entries(services).map(([name, { spec }]) => [
      name,
      spec.ports.map((port: { port: number; targetPort: unknown; appProtocol: string }) =>
        [port.port, port.targetPort, port.appProtocol].join(' '),
      ),
    ]);
    expect(Object.fromEntries(ports)).toEqual({
      'dapr-api': ['443 6500 tls', '80 6500 tls', '9090 metrics http'],
      'dapr-sentry': ['443 50001 tls', '9090 metrics http'],
      'dapr-sidecar-injector': ['443 4000 https', '9090 metrics http'],
      'dapr-webhook': ['443 19443 https'],
    });
  });

  it('runs one container for each service, and one pod of it', async () => {
    const deployments = ofKind(await render(), 'Deployment');
    expect(Object.keys(deployments).sort()).toEqual(['dapr-operator', 'dapr-sentry', 'dapr-sidecar-injector']);
    for (const { spec } of Object.values(deployments)) {
      expect([spec.replicas, spec.template.spec.containers.length]).toEqual([1, 1]);
    }
  });

  it('runs three of everything with high availability, apart and disrupted in turn', async () => {
    const manifests = await render('global.ha.enabled=true');
    for (const { spec } of Object.values(ofKind(manifests, 'Deployment'))) {
      expect(spec.replicas).toBe(3);
      expect(spec.template.spec.topologySpreadConstraints).toHaveLength(2);
      expect(spec.template.spec.affinity.podAntiAffinity).toHaveProperty(
        'preferredDuringSchedulingIgnoredDuringExecution',
      );
    }
    const budgets = Object.values(ofKind(manifests, 'PodDisruptionBudget'));
    expect(budgets.map(({ spec }) => spec.maxUnavailable)).toEqual(['25%', '25%', '25%']);
  });

  it('agrees about sentry everywhere', async () => {
    const manifests = await render('global.mtls.controlPlaneTrustDomain=corp.example', 'global.dnsSuffix=.corp.local');
    const address = 'dapr-sentry.outrigger-system.svc.corp.local:443';
    expect(ofKind(manifests, 'Configuration')['daprsystem']?.['spec'].mtls).toMatchObject({
      controlPlaneTrustDomain: 'corp.example',
      sentryAddress: address,
    });
    for (const [name, { spec }] of Object.entries(ofKind(manifests, 'Deployment'))) {
      const { containers, volumes } = spec.template.spec;
      const token = volumes.find((volume: { name: string }) => volume.name === 'identity-token');
      const { audience } = token.projected.sources[0].serviceAccountToken;
      expect(audience).toBe('spiffe://corp.example/ns/outrigger-system/dapr-sentry');
      if (name === 'dapr-sentry') expect(containers[0].args).toContain('--trust-domain=corp.example');
      if (name === 'dapr-sidecar-injector')
        expect(containers[0].env).toContainEqual({ name: 'DAPR_SENTRY_ADDRESS', value: address });
    }
  });

  it('leaves out metrics and network policies where they are off', async () => {
    const manifests = await render('global.prometheus.enabled=false', 'global.networkPolicy.enabled=false');
    expect(ofKind(manifests, 'NetworkPolicy')).toEqual({});
    expect(JSON.stringify(manifests)).not.toContain('prometheus.io/scrape');
    expect(JSON.stringify(ofKind(manifests, 'Service'))).not.toContain('"metrics"');
  });

  it('brings dashboards and alerts where they are wanted', async () => {
    expect(JSON.stringify(await render())).not.toContain('PrometheusRule');
    const monitoring = ['dashboards', 'rules'].map((what) => `global.monitoring.${what}.enabled=true`);
    const manifests = await render(...monitoring, 'global.monitoring.rules.labels.release=prometheus');
    const { metadata, spec } = ofKind(manifests, 'PrometheusRule')['outrigger']!;
    expect([metadata.labels['release'], spec.groups.length]).toEqual(['prometheus', 2]);
    const dashboard = ofKind(manifests, 'ConfigMap')['outrigger-sidecars']!;
    expect(dashboard.metadata.labels['grafana_dashboard']).toBe('1');
    expect(JSON.parse(dashboard['data']['outrigger-sidecars.json'])).toHaveProperty('panels');
  });

  it.each([
    ['an unknown value', 'global.typo=1', "additional properties 'typo' not allowed"],
    ['an unknown service', 'dapr_placement.replicaCount=1', "additional properties 'dapr_placement' not allowed"],
    ['an unknown failure policy', 'dapr_sidecar_injector.webhookFailurePolicy=Maybe', 'webhookFailurePolicy'],
    ['an anti-affinity that is none', 'global.ha.podAntiAffinityPolicy=always', 'podAntiAffinityPolicy'],
    ['a lifetime without a unit', 'global.mtls.workloadCertTTL=24', 'workloadCertTTL'],
    ['half an authority', 'dapr_sentry.tls.root.certPEM=x', 'or none of them'],
    ['OIDC without a certificate', 'dapr_sentry.oidc.enabled=true', 'dapr_sentry.oidc.tls.secretName is needed'],
  ])('refuses %s', async (_what, value, message) => {
    await expect(render(value)).rejects.toThrow(message);
  });

  it('takes an authority of the user', async () => {
    const tls = ['root.certPEM=root', 'issuer.certPEM=chain', 'issuer.keyPEM=key'];
    const manifests = await render(...tls.map((value) => `dapr_sentry.tls.${value}`));
    expect(ofKind(manifests, 'ConfigMap')['dapr-trust-bundle']?.['data']).toEqual({ 'ca.crt': 'root' });
    expect(Object.keys(ofKind(manifests, 'Secret')['dapr-trust-bundle']?.['data'])).toEqual([
      'ca.crt',
      'issuer.crt',
      'issuer.key',
    ]);
  });
});

describe('a release in a real API server', () => {
  const install = (...values: string[]) =>
    helm(
      cluster.kubeconfig,
      ...['upgrade', '--install', 'outrigger', chart, '--namespace', namespace, '--create-namespace'],
      ...settings(values),
    );

  beforeAll(async () => {
    await install();
  });

  const canI = (account: string, ...question: string[]) =>
    kubectl([
      ...['auth', 'can-i', ...question, '--as', `system:serviceaccount:${namespace}:${account}`],
      ...['--as-group', 'system:authenticated'],
    ]).then(
      () => true,
      () => false,
    );

  it.each(['dapr-sentry', 'dapr-operator', 'dapr-sidecar-injector'])(
    'gives %s no list of Secrets, and no other rights over them than it needs',
    async (account) => {
      expect(await canI(account, 'list', 'secrets', '--all-namespaces')).toBe(false);
      expect(await canI(account, 'create', 'secrets', '--all-namespaces')).toBe(false);
      expect(await canI(account, 'delete', 'secrets', '--all-namespaces')).toBe(false);
      expect(await canI(account, 'get', 'secrets', '--all-namespaces')).toBe(account === 'dapr-operator');
      expect(await canI(account, 'update', 'secrets/dapr-trust-bundle', '-n', namespace)).toBe(
        account === 'dapr-sentry',
      );
      expect(await canI(account, 'create', 'pods', '--all-namespaces')).toBe(false);
      expect(await canI(account, 'create', 'clusterrolebindings')).toBe(false);
    },
  );

  it('gives the injector what it does', async () => {
    const account = 'dapr-sidecar-injector';
    expect(await canI(account, 'list', 'components.dapr.io', '--all-namespaces')).toBe(true);
    expect(await canI(account, 'get', 'configurations.dapr.io/daprsystem', '-n', namespace)).toBe(true);
    const webhooks = 'mutatingwebhookconfigurations.admissionregistration.k8s.io';
    expect(await canI(account, 'patch', `${webhooks}/dapr-sidecar-injector`)).toBe(true);
    expect(await canI(account, 'patch', `${webhooks}/other`)).toBe(false);
  });

  it('lets the operator write the status of what it watches, and nothing else of it', async () => {
    const account = 'dapr-operator';
    const kinds = ['components', 'configurations', 'subscriptions', 'resiliencies', 'httpendpoints'];
    for (const kind of kinds.map((name) => `${name}.dapr.io`)) {
      expect(await canI(account, 'patch', kind, '--subresource=status', '--all-namespaces')).toBe(true);
      expect(await canI(account, 'patch', kind, '--all-namespaces')).toBe(false);
    }
  });

  it('has pods that the restricted Pod Security Standard accepts', async () => {
    const restricted = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'restricted' } };
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const objects = [
      { ...restricted, metadata: { name: 'restricted', labels } },
      ...['dapr-sentry', 'dapr-operator', 'dapr-sidecar-injector'].map((name) => ({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name, namespace: 'restricted' },
      })),
    ];
    await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    for (const [name, { spec }] of Object.entries(ofKind(await render(), 'Deployment'))) {
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: spec.template.spec };
      await kubectl(['create', '-n', 'restricted', '--dry-run=server', '-f', '-'], JSON.stringify(pod));
    }
  });

  it('never asks its webhook about its own pods, those of kube-system, or pods that want no sidecar', async () => {
    const pod = (name: string, annotations: object) =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, annotations },
        spec: { containers: [{ name: 'app', image: 'app:1' }] },
      });
    const enabled = { 'dapr.io/enabled': 'true' };
    await kubectl(['create', 'namespace', 'shop']);
    for (const name of ['kube-system', namespace, 'shop']) {
      await kubectl(['create', 'serviceaccount', 'default', '-n', name]).catch(() => '');
    }
    await kubectl(['create', '-n', 'kube-system', '-f', '-'], pod('a', enabled));
    await kubectl(['create', '-n', namespace, '-f', '-'], pod('b', enabled));
    await kubectl(['create', '-n', 'shop', '-f', '-'], pod('c', {}));
    await kubectl(['create', '-n', 'shop', '-f', '-'], pod('d', { 'dapr.io/enabled': 'false' }));
    await expect(kubectl(['create', '-n', 'shop', '-f', '-'], pod('e', enabled))).rejects.toThrow(
      'failed calling webhook "sidecar-injector.dapr.io"',
    );
  });

  it('keeps what sentry wrote, and the CA bundle, through an upgrade', async () => {
    const at = ['-n', namespace];
    const data = { 'ca.crt': 'cm9vdA==', 'issuer.key': 'a2V5' };
    await kubectl(['patch', ...at, 'secret/dapr-trust-bundle', '-p', JSON.stringify({ data })]);
    await kubectl(['patch', ...at, 'configmap/dapr-trust-bundle', '-p', '{"data":{"ca.crt":"root"}}']);
    const caBundle = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: 'cm9vdA==' }];
    const webhook = 'mutatingwebhookconfiguration/dapr-sidecar-injector';
    await kubectl(['patch', webhook, '--type=json', '-p', JSON.stringify(caBundle)]);
    await install('dapr_sentry.logLevel=debug', 'global.ha.enabled=true');
    const read = (...args: string[]) => kubectl(['get', ...args]);
    expect(JSON.parse(await read(...at, 'secret/dapr-trust-bundle', '-o', 'jsonpath={.data}'))).toEqual(data);
    expect(await read(...at, 'configmap/dapr-trust-bundle', '-o', 'jsonpath={.data.ca\\.crt}')).toBe('root');
    expect(await read(webhook, '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}')).toBe('cm9vdA==');
  });

  it('leaves nothing behind that asks a webhook or gives rights, and keeps the kinds', async () => {
    await helm(cluster.kubeconfig, 'uninstall', 'outrigger', '--namespace', namespace, '--no-hooks');
    const kinds = 'mutatingwebhookconfigurations,validatingwebhookconfigurations,clusterroles,clusterrolebindings';
    const left = await kubectl(['get', kinds, '-l', 'app.kubernetes.io/instance=outrigger', '-o', 'name']);
    expect(left).toBe('');
    expect(await kubectl(['get', 'crd', 'components.dapr.io', '-o', 'name'])).toContain('components.dapr.io');
  });
});
