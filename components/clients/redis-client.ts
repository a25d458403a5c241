import { readFile } from 'node:fs/promises';
import type { RedisArgument } from 'redis';
import { fault } from '#kit/errors/fault.ts';
import { hostsOf, type RedisNode, type RedisSettings } from './redis-settings.ts';

/** `key` finds the node of a cluster. */
export type Send = (
  key: RedisArgument | undefined,
  readonly: boolean,
  args: readonly RedisArgument[],
) => Promise<unknown>;

/** Bulk strings (`$` in RESP) come as Buffers. */
const asBuffers = { typeMapping: { 36: Buffer } };

/** What the library's clients of one server, of a cluster and of a sentinel's master have in common. */
export type RedisClient = {
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
  isOpen(): boolean;
  onError(listener: (error: Error) => void): void;
  onReady(listener: () => void): void;
  send: Send;
  masters(): Promise<Send[]>;
  listen(glob: string, heard: (channel: string) => void): Promise<unknown>;
  destroy(): void;
};

type SocketOptions = Awaited<ReturnType<typeof socketOptions>>;

type Library = typeof import('redis');

/** Makes clients of these settings, none of them connected. `life` tells whether there has been a connection already. */
export async function redisClients(
  library: Library,
  settings: RedisSettings,
  life: { connected: boolean },
): Promise<() => RedisClient> {
  const socket = await socketOptions(settings, life);
  return () => clientOf(library, settings, socket);
}

function clientOf(library: Library, settings: RedisSettings, socket: SocketOptions): RedisClient {
  const { redisUsername: username, redisPassword: password, redisDB: database } = settings;
  // A command that finds no connection fails at once: whoever asked knows best whether to try again.
  const login = {
    disableOfflineQueue: true,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  const nodes = hostsOf(settings);
  if (settings.failover) return sentinelClient(library, settings, { ...login, database, socket }, nodes);
  if (settings.redisType === 'cluster') return clusterClient(library, { ...login, socket }, nodes);
  const [node] = nodes;
  const client = library.createClient({ RESP: 2, ...login, database, socket: { ...socket, ...node! } });
  const send: Send = (_, __, args) => client.sendCommand(args, asBuffers);
  return {
    connect: () => client.connect(),
    close: async () => client.close(),
    isOpen: () => client.isOpen,
    listen: (glob, heard) => client.pSubscribe(glob, (_, channel) => heard(channel)),
    destroy: () => client.isOpen && client.destroy(),
    onError: (listener) => client.on('error', listener),
    onReady: (listener) => client.on('ready', listener),
    send,
    masters: async () => [send],
  };
}

type NodeOptions = {
  username?: string;
  password?: string;
  database?: number;
  disableOfflineQueue: boolean;
  socket: SocketOptions;
};

function clusterClient({ createCluster }: Library, defaults: NodeOptions, nodes: readonly RedisNode[]): RedisClient {
  const cluster = createCluster({ RESP: 2, rootNodes: nodes.map((node) => ({ socket: node })), defaults });
  return {
    connect: () => cluster.connect(),
    close: () => cluster.close(),
    isOpen: () => cluster.isOpen,
    listen: (glob, heard) => cluster.pSubscribe(glob, (_, channel) => heard(channel)),
    destroy: () => cluster.isOpen && cluster.destroy(),
    onError: (listener) => cluster.on('error', listener),
    onReady: (listener) => cluster.on('node-ready', listener),
    send: (key, readonly, args) => cluster.sendCommand(key, readonly, [...args], asBuffers),
    masters: () =>
      Promise.all(
        cluster.masters.map(async (master) => {
          const node = await cluster.nodeClient(master);
          return (_: unknown, __: unknown, args: readonly RedisArgument[]) => node.sendCommand(args, asBuffers);
        }),
      ),
  };
}

function sentinelClient(
  { createSentinel }: Library,
  settings: RedisSettings,
  nodeClientOptions: NodeOptions,
  nodes: readonly RedisNode[],
): RedisClient {
  const { sentinelMasterName: name, sentinelUsername: username, sentinelPassword: password } = settings;
  if (name === undefined) throw fault('invalid-metadata', 'sentinelMasterName is missing: failover needs it');
  const sentinelClientOptions = {
    socket: nodeClientOptions.socket,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
  const sentinel = createSentinel({
    RESP: 2,
    name,
    sentinelRootNodes: [...nodes],
    nodeClientOptions,
    sentinelClientOptions,
  });
  const send: Send = (_, readonly, args) => sentinel.sendCommand(readonly, [...args], asBuffers);
  return {
    connect: () => sentinel.connect(),
    close: () => sentinel.close(),
    isOpen: () => sentinel.isOpen,
    listen: (glob, heard) => sentinel.pSubscribe(glob, (_, channel) => heard(channel)),
    destroy: () => sentinel.isOpen && sentinel.destroy(),
    onError: (listener) => sentinel.on('error', listener),
    onReady: (listener) => sentinel.on('topology-change', listener),
    send,
    masters: async () => [send],
  };
}

/** Tries as often as told for the first connection; one that is lost is made again for as long as it takes. */
function reconnecting(settings: RedisSettings, life: { connected: boolean }) {
  const { redisMinRetryInterval: shortest, redisMaxRetryInterval: longest, redisMaxRetries } = settings;
  return (retries: number, cause: Error): number | Error =>
    !life.connected && retries >= redisMaxRetries
      ? new Error(describeRedis(cause), { cause })
      : Math.min(shortest * 2 ** Math.min(retries, 20), longest);
}

async function socketOptions(settings: RedisSettings, life: { connected: boolean }) {
  const common = { connectTimeout: settings.dialTimeout, reconnectStrategy: reconnecting(settings, life) };
  if (!settings.enableTLS) return common;
  return {
    ...common,
    tls: true as const,
    rejectUnauthorized: !settings.insecureSkipTLSVerify,
    ...(settings.clientCert !== undefined && { cert: await pemOf(settings.clientCert) }),
    ...(settings.clientKey !== undefined && { key: await pemOf(settings.clientKey) }),
  };
}

const pemOf = async (value: string): Promise<string> =>
  value.includes('-----BEGIN') ? value : await readFile(value, 'utf8');

/** What went wrong, where the library leaves the message of an error empty. */
export function describeRedis(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
