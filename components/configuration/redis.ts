import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { ConfigurationItems, ConfigurationStore } from '#contracts/configuration.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { openRedis, type Redis } from '../clients/redis.ts';
import { redisSettings } from '../clients/redis-settings.ts';
import { type WatchedItems, watchedItems } from './watched-items.ts';

/** Keyspace events of strings: set, deleted, expired, evicted. */
const events = 'Kg$xe';

export const component = defineComponent({
  type: 'configuration.redis',
  versions: ['v1'],
  title: 'Redis',
  description: 'Reads items from string keys, written as `value||version`, and watches them by keyspace notifications.',
  settings: redisSettings,
  open: async (settings, { log }: OpenContext) => {
    const redis = await openRedis(settings, log);
    const life = new AbortController();
    const store: ConfigurationStore = {
      get: ({ keys }) => read(redis, keys),
      async subscribe({ keys }, onChange, subscription) {
        await enableEvents(redis, log);
        const watcher = await redis.dedicated();
        const until = AbortSignal.any([subscription, life.signal]);
        until.addEventListener('abort', () => watcher.abandon(), { once: true });
        const prefix = `__keyspace@${settings.redisDB}__:`;
        const tell = (items: ConfigurationItems) =>
          onChange(items).catch((thrown: Error) => log.warn(`a change was not handed on: ${thrown.message}`));
        const watched = watchedItems(() => read(redis, keys), tell);
        const changed = async (key: string) => {
          try {
            const items = await read(redis, [key]);
            watched.heard(key in items ? items : { [key]: { value: '', version: '' } });
          } catch (error) {
            log.warn(`configuration key ${key} changed, but cannot be read: ${(error as Error).message}`);
          }
        };
        for (const glob of keys.length > 0 ? keys.map(escapeGlob) : ['*']) {
          await watcher.listen(prefix + glob, (channel) => void changed(channel.slice(prefix.length)));
        }
        await watched.begin();
        watcher.onReconnect(() => void catchUp(redis, watched, log, until));
      },
      async ping() {
        await redis.send(undefined, ['PING'], { readonly: true });
      },
      async [Symbol.asyncDispose]() {
        life.abort();
        await redis[Symbol.asyncDispose]();
      },
    };
    return store;
  },
});

const retryMs = 500;

/** Tells what was missed. The connection for reading may be back later than the one for hearing. */
async function catchUp(redis: Redis, watched: WatchedItems, log: Logger, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    try {
      await redis.send(undefined, ['PING'], { readonly: true });
      // A server that was started anew has forgotten that it shall tell.
      await enableEvents(redis, log);
      await watched.catchUp();
      return;
    } catch (error) {
      log.debug(`cannot catch up with configuration keys yet: ${(error as Error).message}`);
      await systemClock.pause(retryMs, until);
    }
  }
}

async function read(redis: Redis, asked: readonly string[]): Promise<ConfigurationItems> {
  const keys = asked.length > 0 ? asked : await redis.scan('*');
  const pairs = await Promise.all(keys.map(async (key) => [key, await readOne(redis, key)] as const));
  return Object.fromEntries(pairs.flatMap(([key, text]) => (text ? [[key, itemOf(text)]] : [])));
}

/** Undefined for a key that does not exist or holds no string. */
async function readOne(redis: Redis, key: string): Promise<string | undefined> {
  try {
    return ((await redis.send(key, ['GET', key], { readonly: true })) as Buffer | null)?.toString();
  } catch (error) {
    if (String(error).includes('WRONGTYPE')) return undefined;
    throw error;
  }
}

function itemOf(text: string) {
  const [value = '', version = ''] = text.split('||');
  return { value, version, metadata: {} };
}

/** Adds the events needed to those that are on. Hosted servers refuse; there they must be on already. */
async function enableEvents(redis: Redis, log: Logger): Promise<void> {
  try {
    const [, current] = (await redis.send(undefined, ['CONFIG', 'GET', 'notify-keyspace-events'])) as Buffer[];
    const flags = [...new Set([...(current?.toString() ?? ''), ...events])].join('');
    if (flags !== current?.toString()) await redis.send(undefined, ['CONFIG', 'SET', 'notify-keyspace-events', flags]);
  } catch (error) {
    log.warn(
      `cannot switch keyspace notifications on (${(error as Error).message}); the server must have ${events} on`,
    );
  }
}

const escapeGlob = (key: string) => key.replace(/[*?[\]\\^-]/g, '\\$&');
