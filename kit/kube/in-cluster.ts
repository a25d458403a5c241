import { readFile } from 'node:fs/promises';
import { fault } from '#kit/errors/fault.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { KubeConnection } from './connection.ts';

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Kubelet replaces the token well before it ends; reading it once a minute is what client-go does. */
const tokenAgeMs = 60_000;

type Env = Readonly<Record<string, string | undefined>>;

/** Whether the environment is that of a pod: both variables, as the API server's address needs them. */
export function isInCluster(env: Env): boolean {
  return Boolean(env.KUBERNETES_SERVICE_HOST && env.KUBERNETES_SERVICE_PORT);
}

/** The connection of a pod's service account. Throws `invalid-config` naming the file that is missing. */
export async function inClusterConnection(
  env: Env,
  folder = serviceAccount,
  clock: Clock = systemClock,
): Promise<KubeConnection> {
  const read = (name: string) =>
    readFile(`${folder}/${name}`, 'utf8').catch((cause) => {
      throw fault('invalid-config', `no service account to call Kubernetes with: cannot read ${folder}/${name}`, {
        cause,
      });
    });
  const [ca, namespace, first] = await Promise.all([read('ca.crt'), read('namespace').catch(() => ''), read('token')]);
  const host = env.KUBERNETES_SERVICE_HOST!;
  let token = { text: first.trim(), readAt: clock.now() };
  return {
    server: new URL(`https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT}`),
    namespace: namespace.trim(),
    tls: { ca },
    async authorization() {
      if (clock.now() - token.readAt >= tokenAgeMs) token = { text: (await read('token')).trim(), readAt: clock.now() };
      return `Bearer ${token.text}`;
    },
  };
}
