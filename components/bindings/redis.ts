import type { Binding, InvokeRequest, InvokeResponse } from '#contracts/binding.ts';
import { defineComponent, type OpenContext } from '#contracts/component.ts';
import { fault } from '#kit/errors/fault.ts';
import { openRedis, type Redis } from '../clients/redis.ts';
import { redisSettings } from '../clients/redis-settings.ts';

export const component = defineComponent({
  type: 'bindings.redis',
  versions: ['v1'],
  title: 'Redis',
  description:
    'Writes, reads, counts and deletes string keys. The request’s metadata names the `key`; `ttlInSeconds` gives it a life, `delete: "true"` takes it with reading.',
  settings: redisSettings,
  open: async (settings, { log }: OpenContext): Promise<Binding> => {
    const redis = await openRedis(settings, log);
    return {
      operations: Object.keys(operations),
      invoke: (request) => invoke(redis, request),
      async ping() {
        await redis.send(undefined, ['PING'], { readonly: true });
      },
      [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
    };
  },
});

type Operation = (redis: Redis, key: string, request: InvokeRequest) => Promise<Uint8Array | undefined>;

const operations: Readonly<Record<string, Operation>> = {
  async create(redis, key, { data, metadata }) {
    const value = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const life = lifeOf(metadata);
    await redis.send(key, ['SET', key, value, ...(life === undefined ? [] : ['EX', life])]);
    return undefined;
  },
  async delete(redis, key) {
    await redis.send(key, ['DEL', key]);
    return undefined;
  },
  async get(redis, key, { metadata }) {
    const take = metadata?.['delete'] === 'true';
    const value = await redis.send(key, [take ? 'GETDEL' : 'GET', key], { readonly: !take });
    return (value as Buffer | null) ?? undefined;
  },
  async increment(redis, key, { metadata }) {
    const life = lifeOf(metadata);
    await redis.send(key, ['INCR', key]);
    if (life !== undefined) await redis.send(key, ['EXPIRE', key, life]);
    return undefined;
  },
};

async function invoke(redis: Redis, request: InvokeRequest): Promise<InvokeResponse> {
  const key = request.metadata?.['key'];
  if (!key) throw fault('bad-request', 'redis binding: missing key in request metadata');
  const run = Object.hasOwn(operations, request.operation) ? operations[request.operation]! : undefined;
  if (run === undefined) throw fault('bad-request', `invalid operation type: ${request.operation}`);
  return { data: await run(redis, key, request) };
}

function lifeOf(metadata: InvokeRequest['metadata']): string | undefined {
  const text = metadata?.['ttlInSeconds'];
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text) && Number(text) > 0) return text;
  throw fault('bad-request', `metadata ttlInSeconds is "${text}": it must be a whole number of seconds above 0`);
}
