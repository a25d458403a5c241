import { createHash } from 'node:crypto';
import type { RedisArgument } from 'redis';
import { fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { describeRedis, type RedisClient, redisClients, type Send } from './redis-client.ts';
import { revived } from './redis-revived.ts';
import type { RedisSettings } from './redis-settings.ts';

/** A Lua script with its digest. */
export type RedisScript = { readonly text: string; readonly sha: string };

/** A script whose digest is known ahead, so that its text travels once per server. */
export const redisScript = (text: string): RedisScript => ({
  text,
  sha: createHash('sha1').update(text).digest('hex'),
});

export type Redis = AsyncDisposable & {
  /** Sends one command; texts of the answer are Buffers. `key` finds the node of a cluster. */
  send(key: string | undefined, args: readonly RedisArgument[], options?: { readonly?: boolean }): Promise<unknown>;
  /** Runs a script whose keys share a slot. */
  run(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
  /** Another connection of the same settings, for commands that block, each `blockMs` at most. */
  dedicated(blockMs?: number): Promise<Redis>;
  /** Tells the channels on which something is published that match a glob, until disposed of; also after reconnects. */
  listen(glob: string, heard: (channel: string) => void): Promise<void>;
  /** Tells each time that a lost connection is there again. */
  onReconnect(listener: () => void): void;
  /** Ends the connection at once, with whatever waits on it. */
  abandon(): void;
  /** The keys that match a glob, on every master; some may come twice. */
  scan(glob: string): Promise<string[]>;
};

/**
 * Connects, or rejects with `unavailable` naming the server. A lost connection is made again for as long as it takes, and
 * so is one on which nothing was answered for `readTimeout` and `blockMs`.
 */
export async function openRedis(settings: RedisSettings, log: Logger, blockMs = 0): Promise<Redis> {
  const where = `redis at ${settings.redisHost}`;
  try {
    const life = { connected: false };
    // The library is read when the first component on Redis opens, not when its settings are looked at.
    const library = await import('redis');
    const limit = settings.readTimeout > 0 ? settings.readTimeout + blockMs : 0;
    const client = revived(await redisClients(library, settings, life), limit);
    client.onError((error) => log.warn(`${where}: ${describeRedis(error)}`));
    await client.connect();
    life.connected = true;
    return redisOver(client, (longest) => openRedis(settings, log, longest));
  } catch (error) {
    throw fault('unavailable', `cannot connect to ${where}: ${describeRedis(error)}`, { cause: error });
  }
}

function redisOver(client: RedisClient, dedicated: Redis['dedicated']): Redis {
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
