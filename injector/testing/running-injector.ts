import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { binaries } from '#e2e/cluster/binaries.ts';
import { startControlPlane } from '#e2e/cluster/control-plane.ts';
import { eventually } from '#e2e/eventually.ts';
import { applyKinds } from '#e2e/kinds.ts';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import { run } from '#e2e/run.ts';

const root = path.resolve(import.meta.dirname, '../..');
const namespace = 'dapr-system';

/** A real API server that asks our injector about pods; sentry and injector are their own processes. */
export type RunningInjector = AsyncDisposable & {
  kubectl(args: string[], input?: string): Promise<string>;
  /** Stops the injector and starts it anew. */
  injector: Process;
  restart(): Promise<void>;
  /** Where the webhook listens, and the file of the CA it is trusted by. */
  webhook: { port: number; ca: string };
};

/** Starts all of it; the webhook is reached through an ExternalName Service, as no pod can run here. */
export async function startInjector(): Promise<RunningInjector> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'outrigger-injector-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const plane = stack.use(await startControlPlane());
  const program = path.join(await binaries('kubernetes'), 'kubectl');
  const kubectl = (args: string[], input = '') => run(program, ['--kubeconfig', plane.kubeconfig, ...args], { input });
  const [port = 0, health = 0, sentry = 0] = await freePorts(3);
  const ca = path.join(folder, 'ca.crt');

  await applyKinds(kubectl);
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects(port) }));
  stack.use(startSentry(folder, sentry));
  const launch = () => startProcess({ folder, port, health, sentry, ca, kubeconfig: plane.kubeconfig });
  const running = { injector: launch() };
  stack.defer(() => running.injector[Symbol.asyncDispose]());
  const ready = () => eventually('the injector', () => isReady(health));
  await ready();
  const owned = stack.move();
  return {
    kubectl,
    webhook: { port, ca },
    get injector() {
      return running.injector;
    },
    async restart() {
      await running.injector[Symbol.asyncDispose]();
      running.injector = launch();
      await ready();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const startSentry = (folder: string, port: number): Process =>
  start(
    'sentry',
    path.join(root, 'bin/sentry'),
    [
      `--issuer-credentials=${folder}`,
      `--port=${port}`,
      '--listen-address=127.0.0.1',
      '--trust-domain=cluster.local',
      '--healthz-port=0',
      '--metrics-port=0',
    ],
    { log: path.join(folder, 'sentry.log'), env: { NAMESPACE: namespace } },
  );

type Launch = { folder: string; port: number; health: number; sentry: number; ca: string; kubeconfig: string };

const startProcess = ({ folder, port, health, sentry, ca, kubeconfig }: Launch): Process =>
  start(
    'injector',
    path.join(root, 'bin/injector'),
    [
      `--port=${port}`,
      '--listen-address=127.0.0.1',
      `--healthz-port=${health}`,
      '--healthz-listen-address=127.0.0.1',
      '--metrics-port=0',
      '--metrics-listen-address=127.0.0.1',
      `--kubeconfig=${kubeconfig}`,
    ],
    {
      log: path.join(folder, 'injector.log'),
      env: {
        NAMESPACE: namespace,
        SIDECAR_IMAGE: 'outrigger/daprd:test',
        COMPONENT_IMAGE: 'outrigger/components:test',
        DAPR_TRUST_ANCHORS_FILE: ca,
        DAPR_SENTRY_ADDRESS: `127.0.0.1:${sentry}`,
        DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK: 'true',
      },
    },
  );

async function isReady(port: number): Promise<true | undefined> {
  return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok ? true : undefined;
}

/** No controller runs that would make the default service accounts. */
const objects = (port: number): object[] => [
  ...['dapr-system', 'shop', 'restricted'].flatMap((name) => [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: name === 'restricted' ? { 'pod-security.kubernetes.io/enforce': name } : {} },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } },
  ]),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'dapr-sidecar-injector', namespace },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'dapr-sidecar-injector' },
    webhooks: [
      {
        name: 'sidecar-injector.dapr.io',
        clientConfig: { service: { namespace, name: 'dapr-sidecar-injector', path: '/mutate', port } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
        failurePolicy: 'Fail',
        reinvocationPolicy: 'IfNeeded',
        sideEffects: 'None',
        admissionReviewVersions: ['v1', 'v1beta1'],
        matchConditions: [
          {
            name: 'asks-for-a-sidecar',
            expression: "object.metadata.?annotations['dapr.io/enabled'].orValue('').lowerAscii() == 'true'",
          },
        ],
      },
    ],
  },
];
