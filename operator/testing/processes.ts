import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { freePorts } from '#e2e/ports.ts';
import { type Process, start } from '#e2e/process.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { daprResources, resources } from '#kit/kube/resource.ts';
import { eventually } from '#kit/testing/eventually.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** The namespace of the control plane in these tests. */
export const system = 'dapr-system';

/** Tells an API server of every kind, each as `change` leaves it, and waits until it serves them. */
export async function installKinds(client: KubeClient, change = (definition: object): object => definition) {
  const folder = path.join(root, 'charts/outrigger/crds');
  for (const file of await readdir(folder)) {
    const definition = parse(await readFile(path.join(folder, file), 'utf8')) as object;
    await client.create(resources.customResourceDefinitions, change(definition));
  }
  for (const kind of Object.values(daprResources)) await eventually(() => client.list(kind));
}

/** Makes the control plane's namespace, and the Configuration by which an operator finds sentry. */
export async function configureMesh(client: KubeClient, sentryPort: number): Promise<void> {
  await client.create(resources.namespaces, { metadata: { name: system } });
  await client.create(daprResources.configurations, {
    metadata: { namespace: system, name: 'daprsystem' },
    spec: {
      mtls: { enabled: true, controlPlaneTrustDomain: 'cluster.local', sentryAddress: `127.0.0.1:${sentryPort}` },
    },
  });
}

/** Starts a sentry which has its credentials in `folder`, and waits until they are there. */
export async function startSentry(folder: string, port: number): Promise<Process> {
  const config = path.join(folder, 'sentry.yaml');
  await writeFile(config, '');
  const args = [
    ...[`--port=${port}`, '--listen-address=127.0.0.1', '--healthz-port=0', '--metrics-port=0'],
    ...['--trust-domain=cluster.local', `--config=${config}`, `--issuer-credentials=${folder}`],
  ];
  const log = path.join(folder, 'sentry.log');
  const sentry = start('sentry', path.join(root, 'bin/sentry'), args, { env: { NAMESPACE: system }, log });
  await eventually(() => readFile(path.join(folder, 'ca.crt')));
  return sentry;
}

export type OperatorOptions = {
  name: string;
  /** Holds sentry's `ca.crt`, and gets the log. */
  folder: string;
  kubeconfig: string;
  api: { host: string; port: number };
  /** Serves no conversion webhook unless there is a port for it. */
  webhookPort?: number;
};

/** Starts an operator, and waits until it serves. */
export async function startOperator({ name, folder, kubeconfig, api, webhookPort }: OperatorOptions): Promise<Process> {
  const [health] = await freePorts(1);
  const args = [
    ...[`--kubeconfig=${kubeconfig}`, `--trust-anchors-file=${path.join(folder, 'ca.crt')}`],
    ...[`--port=${api.port}`, `--listen-address=${api.host}`, '--metrics-port=0', `--healthz-port=${health}`],
    ...(webhookPort === undefined
      ? []
      : [`--webhook-server-port=${webhookPort}`, '--webhook-server-listen-address=127.0.0.1']),
  ];
  const env = {
    NAMESPACE: system,
    POD_NAME: name,
    ENABLE_WEBHOOKS: String(webhookPort !== undefined),
    DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK: 'true',
  };
  const log = path.join(folder, `${name}.log`);
  const operator = start(name, path.join(root, 'bin/operator'), args, { env, log });
  const serves = async () =>
    (await fetch(`http://127.0.0.1:${health}/healthz`)).ok ? true : Promise.reject('not yet');
  await eventually(serves);
  return operator;
}
