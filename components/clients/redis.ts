import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RedisArgument } from 'redis';
import { z } from 'zod';
import { choice, duration, integer, refusedTruth, secret, text, truth, unused } from '#contracts/settings.ts';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';

/** Settings of every component on Redis. */
export const redisSettings = z.object({
  redisHost: text('host:port of the server; several with commas for a cluster or sentinels.', {
    example: 'localhost:6379',
  }),
  redisPort: integer('Port of hosts that are written without one.', { min: 1, max: 65_535 }).optional(),
  redisUsername: text('User of the ACL; empty is the default user.').optional(),
  redisPassword: secret('Password of the user.').optional(),
  sentinelUsername: text('User at the sentinels.').optional(),
  sentinelPassword: secret('Password at the sentinels.').optional(),
  redisDB: integer('Number of the database; a cluster has only 0.', { min: 0 }).default(0),
  redisType: choice('What the host is.', ['node', 'cluster']).default('node'),
  failover: truth('Asks the sentinels at redisHost for the master.').default(false),
  sentinelMasterName: text('Name of the master, for failover.').optional(),
  enableTLS: truth('Encrypts the connection and checks the server.').default(false),
  insecureSkipTLSVerify: truth('Encrypts without checking the server. For tests only.').default(false),
  clientCert: text('Certificate to show, in PEM or as the path of a file.').optional(),
  clientKey: secret('Key of clientCert, in PEM or as the path of a file.').optional(),
  redisMaxRetries: integer('Tries after a failed connection; -1 is none.', {
    min: -1,
    aliases: ['maxRetries'],
  }).default(3),
  redisMinRetryInterval: duration('Shortest pause before a try.', 'ms', { aliases: ['maxRetryBackoff'] }).default(8),
  redisMaxRetryInterval: duration('Longest pause before a try.', 'ms').default(512),
  dialTimeout: duration('Longest wait for a connection.', 'ms').default(5_000),
  poolSize: unused('commands share one connection.'),
  poolTimeout: unused('commands share one connection.'),
  minIdleConns: unused('commands share one connection.'),
  maxConnAge: unused('the connection is kept.'),
  idleTimeout: unused('the connection is kept.'),
  idleCheckFrequency: unused('the connection is kept.'),
  useEntraID: refusedTruth('logging in by Microsoft Entra ID.', { aliases: ['useAzureAD'] }),
});

export type RedisSettings = z.output<typeof redisSettings>;

/** A Lua script with its digest. */
export type RedisScript = { readonly text: string; readonly sha: string };

export const redisScript = (text: string): RedisScript => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});

export type Redis = AsyncDisposable & {
  /** Sends one command; texts of the answer are Buffers. `key` finds the node of a cluster. */
  send(key: string | undefined, args: readonly RedisArgument[], options?: { readonly?: boolean }): Promise<unknown>;
  /** Runs a script whose keys share a slot. */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
  /** Another connection of the same settings, for commands that block. */
  dedicated(): Promise<Redis>;
  /** Tells the channels on which something is published that match a glob, until disposed of; also after reconnects. */
  listen(glob: string, heard: (channel: string) => void): Promise<void>;
  /** Tells each time that a lost connection is there again. */
  onReconnect(listener: () => void): void;
  /** Ends the connection at once, with whatever waits on it. */
  abandon(): void;
  /** The keys that match a glob, on every master; some may come twice. */
  scan(glob: string): Promise<string[]>;
};

type Send = (key: RedisArgument | undefined, readonly: boolean, args: readonly RedisArgument[]) => Promise<unknown>;

/** Bulk strings (`$` in RESP) come as Buffers. */
const asBuffers = { typeMapping: { 36: Buffer } };

/** Connects, or rejects with `unavailable` naming the server. A lost connection is made again for as long as it takes. */
export async function openRedis(settings: RedisSettings, log: Logger): Promise<Redis> {
  const where = `redis at ${settings.redisHost}`;
  try {
    const life = { connected: false };
    // The library is read when the first component on Redis opens, not when its settings are looked at.
    const library = await import('redis');
    const client = clientOf(library, settings, await socketOptions(settings, life));
    client.onError((error) => log.warn(`${where}: ${describe(error)}`));
    await client.connect();
    life.connected = true;
    return redisOver(client, () => openRedis(settings, log));
  } catch (error) {
    throw fault('unavailable', `cannot connect to ${where}: ${describe(error)}`, { cause: error });
  }
}

type Client = {
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

function redisOver(client: Client, dedicated: Redis['dedicated']): Redis {
  const { send } = client;
  return {
    send: (key, args, { readonly = false } = {}) => send(key, readonly, args),
    async run({ text, sha }, keys, args) {
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await send(keys[0], false, ['EVALSHA', sha, ...rest]);
      } catch (error) {
        if (!String(error).includes('NOSCRIPT')) throw error;
        return await send(keys[0], false, ['EVAL', text, ...rest]);
      }
    },
    dedicated,
    listen: async (glob, heard) => void (await client.listen(glob, heard)),
    onReconnect: client.onReady,
    abandon: () => client.destroy(),
    scan: async (glob) => (await Promise.all((await client.masters()).map((send) => scanOne(send, glob)))).flat(),
    async [Symbol.asyncDispose]() {
      if (client.isOpen()) await client.close();
    },
  };
}

async function scanOne(send: Send, glob: string): Promise<string[]> {
  const keys: string[] = [];
  let cursor = '0';
  do {
    const args = ['SCAN', cursor, 'MATCH', glob, 'COUNT', '1000'];
    const [next, page] = (await send(undefined, true, args)) as [Buffer, Buffer[]];
    for (const key of page) keys.push(key.toString());
    cursor = next.toString();
  } while (cursor !== '0');
  return keys;
}

type SocketOptions = Awaited<ReturnType<typeof socketOptions>>;

type Library = typeof import('redis');

function clientOf(library: Library, settings: RedisSettings, socket: SocketOptions): Client {
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

type Node = { host: string; port: number };
type NodeOptions = {
  username?: string;
  password?: string;
  database?: number;
  disableOfflineQueue: boolean;
  socket: SocketOptions;
};

function clusterClient({ createCluster }: Library, defaults: NodeOptions, nodes: readonly Node[]): Client {
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
  nodes: readonly Node[],
): Client {
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
      ? new Error(describe(cause), { cause })
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

/** Exported for its test. Throws `invalid-metadata` where redisPort contradicts a port of redisHost. */
export function hostsOf({ redisHost, redisPort }: Pick<RedisSettings, 'redisHost' | 'redisPort'>): Node[] {
  return redisHost.split(',').map((one) => {
    const [, v6, v4, given] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(one.trim()) ?? [];
    const name = v6 ?? v4 ?? '';
    if (name === '') throw fault('invalid-metadata', `redisHost: "${one}" is not host:port`);
    if (given !== undefined && redisPort !== undefined && Number(given) !== redisPort) {
      throw fault('invalid-metadata', `redisPort is ${redisPort}, but redisHost says ${one}: remove one of them`);
    }
    return { host: name, port: Number(given ?? redisPort ?? 6379) };
  });
}

function describe(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}
