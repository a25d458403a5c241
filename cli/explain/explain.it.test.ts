import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binaries } from '#e2e/cluster/binaries.ts';
import { type ControlPlane, startControlPlane } from '#e2e/cluster/control-plane.ts';
import { applyKinds } from '#e2e/kinds.ts';
import { start } from '#e2e/process.ts';
import { run } from '#e2e/run.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';

const root = path.resolve(import.meta.dirname, '../..');
const outrigger = path.join(root, 'bin/outrigger');

const resiliency = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Resiliency',
  metadata: { name: 'calm' },
  spec: {
    policies: { timeouts: { short: '2s' }, retries: { again: { policy: 'constant', duration: '5ms', maxRetries: 2 } } },
    targets: { apps: { till: { timeout: 'short', retry: 'again' } } },
  },
};

const configuration = {
  apiVersion: 'dapr.io/v1alpha1',
  kind: 'Configuration',
  metadata: { name: 'rules' },
  spec: {
    accessControl: {
      defaultAction: 'deny',
      policies: [{ appId: 'till', namespace: 'default', trustDomain: 'public', defaultAction: 'allow' }],
    },
  },
};

let folder: string;
let cluster: ControlPlane;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'explain-'));
  cluster = await startControlPlane();
});

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const explain = (args: readonly string[], env: Record<string, string>) =>
  run(outrigger, ['explain', ...args, '--app-id', 'shop'], { env });

const policies = /^PART +POLICY +RESOURCE +SETTINGS\ntimeout +short +calm +2s\nretry +again +calm +policy=constant/;

describe('outrigger explain', () => {
  it('tells of an app in a cluster what the API server has for it', async () => {
    const program = path.join(await binaries('kubernetes'), 'kubectl');
    const kubectl = (args: string[], input = '') =>
      run(program, ['--kubeconfig', cluster.kubeconfig, ...args], { input });
    await applyKinds(kubectl);
    const annotations = { 'dapr.io/enabled': 'true', 'dapr.io/app-id': 'shop', 'dapr.io/config': 'rules' };
    const containers = [{ name: 'shop', image: 'shop' }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'shop', annotations }, spec: { containers } };
    for (const manifest of [resiliency, configuration, pod])
      await eventually(() => kubectl(['apply', '-f', '-'], JSON.stringify(manifest)));

    const env = { KUBECONFIG: cluster.kubeconfig };
    const app = await explain(['app', 'till', '-k'], env);
    expect(app).toMatch(policies);
    expect(app).toContain('Read from pod shop in namespace default: Resiliency calm, Configuration rules.');
    const access = (from: string) => explain(['access', '/pay', '--from', from, '-k', '-o', 'json'], env);
    expect(JSON.parse(await access('till'))).toMatchObject({ allowed: true, by: 'app' });
    expect(JSON.parse(await access('till.store'))).toMatchObject({ allowed: false, by: 'global' });
  });

  it('tells of an app that runs here what its sidecar has read', async () => {
    await writeFile(path.join(folder, 'calm.yaml'), JSON.stringify(resiliency));
    const env = { OUTRIGGER_HOME: path.join(folder, 'home') };
    const args = ['run', '--app-id', 'shop', '--resources-path', folder];
    await using _shop = start('shop', outrigger, args, { env, log: path.join(folder, 'shop.log') });
    const app = await eventually(() => explain(['app', 'till'], env), 120_000, 500);
    expect(app).toMatch(policies);
    expect(app).toContain(`the files of the running app`);
  });
});
