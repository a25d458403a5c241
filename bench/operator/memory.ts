/**
 * Resident memory of the operator, bundled as in its image, beside a real API server that holds many pods and Components.
 * Usage: node bench/operator/memory.ts [pods=5000] [components=2000]
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as after } from 'node:timers/promises';
import { parse } from 'yaml';
import { startControlPlane } from '#e2e/cluster/control-plane.ts';
import { eventually } from '#e2e/eventually.ts';
import { freePorts } from '#e2e/ports.ts';
import { start } from '#e2e/process.ts';
import { type KubeClient, kubeClient } from '#kit/kube/client.ts';
import { kubeconfigConnection } from '#kit/kube/kubeconfig.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { record } from '../figures.ts';

const [podCount = 5_000, componentCount = 2_000] = process.argv.slice(2).map(Number);
const root = path.resolve(import.meta.dirname, '../..');
const namespaces = 20;
const say = (text: string) => process.stdout.write(`${text}\n`);

/** Runs `make` for 0…count-1, some at a time. */
async function many(count: number, make: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await make(next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const env = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `SETTING_${i}`, value: 'x'.repeat(40) }));

const pod = (index: number) => ({
  metadata: {
    namespace: `ns-${index % namespaces}`,
    name: `app-${index}-7c9f8d6b5-x2x4z`,
    labels: { app: `app-${index}`, 'pod-template-hash': '7c9f8d6b5', 'dapr.io/sidecar-injected': 'true' },
    annotations: {
      'dapr.io/enabled': 'true',
      'dapr.io/app-id': `app-${index}`,
      'dapr.io/app-port': '8080',
      'dapr.io/config': 'appconfig',
    },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `app-${index}-7c9f8d6b5`, uid: `u-${index}` }],
  },
  spec: {
    containers: [
      { name: 'app', image: 'registry.example.com/team/app:1.2.3', env: env(15), ports: [{ containerPort: 8080 }] },
      { name: 'daprd', image: 'outrigger/daprd:0.1.0', args: ['/daprd', '--app-id', `app-${index}`], env: env(8) },
    ],
  },
});

const component = (index: number) => ({
  metadata: { namespace: `ns-${index % namespaces}`, name: `store-${index}` },
  spec: {
    type: ['state.in-memory', 'state.sqlite', 'pubsub.in-memory', 'state.redis', 'pubsub.kafka'][index % 5],
    version: 'v1',
    metadata: Array.from({ length: 8 }, (_, i) => ({ name: `setting${i}`, value: `value-${index}-${i}` })),
  },
  ...(index % 2 === 0 && { scopes: [`app-${index}`] }),
});

async function fill(client: KubeClient, configuration: object): Promise<void> {
  const folder = path.join(root, 'charts/outrigger/crds');
  for (const file of await readdir(folder)) {
    const crd = parse(await readFile(path.join(folder, file), 'utf8')) as object;
    await client.create(resources.customResourceDefinitions, crd);
  }
  await eventually('the kinds', () => client.list(daprResources.components));
  await eventually('the kinds', () => client.list(daprResources.configurations));
  for (const name of ['dapr-system', ...Array.from({ length: namespaces }, (_, i) => `ns-${i}`)])
    await client.create(resources.namespaces, { metadata: { name } });
  await client.create(daprResources.configurations, configuration);
  await many(podCount, (index) => client.create(resources.pods, pod(index)));
  await many(componentCount, (index) => client.create(daprResources.components, component(index)));
}

async function resident(pid: number): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024;
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') };
}

execFileSync(process.execPath, [path.join(root, 'tools/bundle.ts')]);
const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-bench-'));
await using cluster = await startControlPlane({ dir: path.join(folder, 'cluster') });
const client = kubeClient(await kubeconfigConnection(cluster.kubeconfig));
const [sentryPort, sentryHealth, sentryMetrics, api, webhook, health, metrics] = await freePorts(7);
const filling = performance.now();
await fill(client, {
  metadata: { namespace: 'dapr-system', name: 'daprsystem' },
  spec: { mtls: { enabled: true, controlPlaneTrustDomain: 'cluster.local', sentryAddress: `127.0.0.1:${sentryPort}` } },
});
say(`${podCount} pods and ${componentCount} Components made in ${((performance.now() - filling) / 1e3).toFixed(0)} s`);

const config = path.join(folder, 'config.yaml');
await writeFile(config, '');
const common = [
  '--healthz-listen-address=127.0.0.1',
  '--metrics-listen-address=127.0.0.1',
  '--listen-address=127.0.0.1',
];
const variables = { NAMESPACE: 'dapr-system', POD_NAME: 'bench', DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK: 'true' };
const credentials = path.join(folder, 'credentials');
await mkdir(credentials);
await using sentry = start(
  'sentry',
  path.join(root, 'bin/sentry'),
  [
    ...common,
    '--trust-domain=cluster.local',
    `--config=${config}`,
    `--issuer-credentials=${credentials}`,
    `--port=${sentryPort}`,
    `--healthz-port=${sentryHealth}`,
    `--metrics-port=${sentryMetrics}`,
  ],
  { env: variables, log: path.join(folder, 'sentry.log') },
);
await using operator = start(
  'operator',
  process.execPath,
  [
    ...['--max-semi-space-size=1', '--optimize-for-size'],
    path.join(root, 'dist/operator/start.cjs'),
    ...common,
    `--kubeconfig=${cluster.kubeconfig}`,
    `--trust-anchors-file=${credentials}/ca.crt`,
    `--port=${api}`,
    '--webhook-server-listen-address=127.0.0.1',
    `--webhook-server-port=${webhook}`,
    `--healthz-port=${health}`,
    `--metrics-port=${metrics}`,
  ],
  { env: variables, log: path.join(folder, 'operator.log') },
);
let alive = true;
for (const program of [sentry, operator]) void program.ended.then(() => (alive = false));
const starting = performance.now();
await eventually(
  `the operator (logs in ${folder})`,
  async () => ((await fetch(`http://127.0.0.1:${health}/healthz`)).ok ? true : undefined),
  { alive: () => alive },
);
const ready = (await resident(operator.pid)).now;
await eventually(
  'every Component to have its status',
  async () => {
    const page = await client.list<{ status?: object }>(daprResources.components);
    return page.items.every((item) => item.status !== undefined) ? true : undefined;
  },
  { timeout: 300 },
);
const written = (performance.now() - starting) / 1e3;
await after(20_000);
const { now, peak } = await resident(operator.pid);
const kept = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
for (const line of kept.split('\n').filter((text) => /^outrigger_kube_informer_(objects|missed)/.test(text))) say(line);
await operator[Symbol.asyncDispose]();
await sentry[Symbol.asyncDispose]();
client[Symbol.dispose]();
await cluster[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });
const sizes = { pods: podCount, components: componentCount };
process.stdout.write(
  await record('operator', sizes, [
    { name: 'resident, ready', value: ready, unit: 'MB' },
    { name: 'resident, 20 s after every status', value: now, unit: 'MB', limit: { atMost: 120 } },
    { name: 'most resident', value: peak, unit: 'MB' },
    { name: 'until every status was written', value: written, unit: 's' },
  ]),
);
