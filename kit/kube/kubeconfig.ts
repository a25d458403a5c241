import { readFile } from 'node:fs/promises';
import type { Agent, RequestOptions } from 'node:https';
import path from 'node:path';
import { parse } from 'yaml';
import { fault } from '#kit/errors/fault.ts';
import type { KubeConnection } from './connection.ts';

type Named<K extends string, T> = { name: string } & { [P in K]?: T };

type ClusterEntry = {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
  'proxy-url'?: string;
};

type UserEntry = {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  username?: string;
  password?: string;
  exec?: unknown;
  'auth-provider'?: unknown;
};

type Kubeconfig = {
  'current-context'?: string;
  clusters?: Named<'cluster', ClusterEntry>[] | null;
  users?: Named<'user', UserEntry>[] | null;
  contexts?: Named<'context', { cluster?: string; user?: string; namespace?: string }>[] | null;
};

/**
 * The connection of a kubeconfig's current context. Certificates, tokens and passwords are read here; a user that
 * needs a plug-in (`exec`, `auth-provider`) or a cluster behind a proxy goes through `@kubernetes/client-node`, which
 * is loaded only then as it costs 85 MB of memory. Throws `invalid-config` naming the file and the entry.
 */
export async function kubeconfigConnection(file: string): Promise<KubeConnection> {
  const config = await readConfig(file);
  const name = config['current-context'] ?? '';
  const context = config.contexts?.find((entry) => entry.name === name)?.context;
  if (!context)
    throw fault('invalid-config', `kubeconfig ${file}: current-context "${name}" is not among its contexts`);
  const cluster = config.clusters?.find((entry) => entry.name === context.cluster)?.cluster;
  if (!cluster?.server) throw fault('invalid-config', `kubeconfig ${file}: cluster "${context.cluster}" has no server`);
  const user = config.users?.find((entry) => entry.name === context.user)?.user ?? {};
  const namespace = context.namespace ?? '';
  if (user.exec || user['auth-provider'] || cluster['proxy-url'])
    return pluginConnection(file, cluster.server, namespace);
  return staticConnection(file, cluster, user, namespace);
}

async function readConfig(file: string): Promise<Kubeconfig> {
  try {
    return (parse(await readFile(file, 'utf8')) ?? {}) as Kubeconfig;
  } catch (cause) {
    throw fault('invalid-config', `cannot read kubeconfig ${file}: ${(cause as Error).message}`, { cause });
  }
}

async function staticConnection(
  file: string,
  cluster: ClusterEntry,
  user: UserEntry,
  namespace: string,
): Promise<KubeConnection> {
  const material = async (data: string | undefined, name: string | undefined): Promise<Buffer | undefined> => {
    if (data) return Buffer.from(data, 'base64');
    return name ? readFile(path.resolve(path.dirname(file), name)) : undefined;
  };
  const [ca, cert, key] = await Promise.all([
    material(cluster['certificate-authority-data'], cluster['certificate-authority']),
    material(user['client-certificate-data'], user['client-certificate']),
    material(user['client-key-data'], user['client-key']),
  ]).catch((cause) => {
    throw fault('invalid-config', `kubeconfig ${file}: ${(cause as Error).message}`, { cause });
  });
  return {
    server: serverUrl(file, cluster.server!),
    namespace,
    tls: {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(cluster['tls-server-name'] && { servername: cluster['tls-server-name'] }),
      ...(cluster['insecure-skip-tls-verify'] && { rejectUnauthorized: false }),
    },
    authorization: () => staticAuthorization(file, user),
  };
}

async function staticAuthorization(file: string, user: UserEntry): Promise<string | undefined> {
  if (user.tokenFile) {
    const token = await readFile(path.resolve(path.dirname(file), user.tokenFile), 'utf8');
    return `Bearer ${token.trim()}`;
  }
  if (user.token) return `Bearer ${user.token}`;
  if (!user.username) return undefined;
  return `Basic ${Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64')}`;
}

function serverUrl(file: string, server: string): URL {
  if (URL.canParse(server)) return new URL(server);
  throw fault('invalid-config', `kubeconfig ${file}: server "${server}" is not a URL`);
}

async function pluginConnection(file: string, server: string, namespace: string): Promise<KubeConnection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(file);
  const apply = async (): Promise<RequestOptions> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    return options;
  };
  const options = await apply();
  return {
    server: serverUrl(file, server),
    namespace,
    tls: {},
    ...(options.agent ? { agent: options.agent as Agent } : {}),
    authorization: async () => {
      const headers = new Headers((await apply()).headers as Record<string, string> | undefined);
      return headers.get('authorization') ?? undefined;
    },
  };
}
