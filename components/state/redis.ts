import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { integer, refused } from '#contracts/settings.ts';
import type { StateKeysLike, StateOperation, StateStore, StateValue } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { openRedis, type Redis } from '../clients/redis.ts';
import { type RedisSettings, redisSettings } from '../clients/redis-settings.ts';
import { writeAll } from './redis-scripts.ts';
import { ttlSeconds } from './ttl.ts';

const waitMs = '1000';

export const component = defineComponent({
  type: 'state.redis',
  versions: ['v1'],
  title: 'Redis',
  description: 'Keeps state in Redis or Valkey: one server, a cluster, or a master watched by sentinels.',
  settings: redisSettings.extend({
    ttlInSeconds: integer('Life of keys that are set without one of their own; not positive is for ever.').optional(),
    queryIndexes: refused('queries, which need the modules RediSearch and RedisJSON.'),
  }),
  open: async (settings, { log }: OpenContext) => {
    const redis = await openRedis(settings, log);
    const replicas = await countReplicas(redis);
    return storeOn(redis, settings, replicas);
  },
});

type Settings = RedisSettings & { ttlInSeconds?: number | undefined };

function storeOn(redis: Redis, settings: Settings, replicas: number): StateStore {
  const write = async (operations: readonly StateOperation[]) => {
    const words = operations.flatMap((operation) => wordsOf(operation, settings.ttlInSeconds));
    const keys = operations.map(({ key }) => key);
    const refused = String(await redis.run(writeAll, keys, words));
    if (refused !== '')
      throw fault('state-etag-mismatch', `key ${refused} was not written: its etag is not the one expected`);
    if (replicas > 0 && operations.some(({ consistency }) => consistency === 'strong')) {
      await redis.send(keys[0], ['WAIT', String(replicas), waitMs]);
    }
  };
  return {
    traits: ['ETAG', 'TTL'],
    get: ({ key }) => read(redis, key),
    set: (request) => write([{ kind: 'set', ...request }]),
    delete: (request) => write([{ kind: 'delete', ...request }]),
    async transact({ operations }) {
      if (operations.length > 0) await write(operations);
    },
    keysLike: (request) => keysLike(redis, request),
    async ping() {
      await redis.send(undefined, ['PING'], { readonly: true });
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

async function read(redis: Redis, key: string): Promise<StateValue | undefined> {
  try {
    const [data, version] = (await redis.send(key, ['HMGET', key, 'data', 'version'], { readonly: true })) as Buffer[];
    return data ? { data, etag: version?.toString() } : undefined;
  } catch (error) {
    if (!String(error).includes('WRONGTYPE')) throw error;
    // Dapr wrote plain strings before there were etags.
    const data = (await redis.send(key, ['GET', key], { readonly: true })) as Buffer | null;
    return data ? { data } : undefined;
  }
}

/** The five words of an operation that the script takes. */
function wordsOf(operation: StateOperation, defaultTtl: number | undefined): (string | Buffer)[] {
  const { kind, key, etag, concurrency } = operation;
  const expected = etag && !(kind === 'set' && concurrency === 'last-write') ? etag : '0';
  if (!/^\d+$/.test(expected)) throw fault('state-etag-invalid', `etag "${etag}" of key ${key} is not a whole number`);
  if (kind === 'delete') return ['delete', expected, '', '0', ''];
  const { value } = operation;
  const ttl = ttlSeconds(operation.metadata) ?? defaultTtl;
  const data = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return ['set', expected, data, concurrency === 'first-write' ? '1' : '0', ttl === undefined ? '' : String(ttl)];
}

/** Replicas the master has now; a strong write waits for as many. Servers that do not tell have none. */
async function countReplicas(redis: Redis): Promise<number> {
  try {
    const info = String(await redis.send(undefined, ['INFO', 'replication'], { readonly: true }));
    return Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Every key of the pattern is gathered and sorted, as SCAN has no order; the token is an offset into them. */
async function keysLike(redis: Redis, { pattern, pageSize, continuationToken }: StateKeysLike) {
  if (pattern === '') throw fault('bad-request', 'the pattern of keysLike must not be empty');
  const found = new Set<string>();
  for (const key of await redis.scan(globOf(pattern))) found.add(key);
  const keys = [...found].sort();
  const start = Number(continuationToken ?? 0);
  const end = pageSize ? start + pageSize : keys.length;
  return { keys: keys.slice(start, end), continuationToken: end < keys.length ? String(end) : undefined };
}

function globOf(pattern: string): string {
  return pattern.replace(/\\([\s\S])|[\s\S]/g, (char, escaped: string | undefined) => {
    if (escaped === undefined && char === '%') return '*';
    if (escaped === undefined && char === '_') return '?';
    return (escaped ?? char).replace(/[*?[\]\\^-]/, '\\$&');
  });
}
