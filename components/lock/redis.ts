import { defineComponent, type OpenContext } from '#contracts/component.ts';
import type { LockStore, UnlockStatus } from '#contracts/lock.ts';
import { fault } from '#kit/errors/fault.ts';
import { openRedis, redisScript } from '../clients/redis.ts';
import { redisSettings } from '../clients/redis-settings.ts';

export const component = defineComponent({
  type: 'lock.redis',
  versions: ['v1'],
  title: 'Redis',
  description:
    'Holds each lock as a key of one Redis server, or of the master that sentinels watch. A cluster could lose locks.',
  settings: redisSettings,
  open: async (settings, { log }: OpenContext): Promise<LockStore> => {
    if (settings.redisType === 'cluster') {
      throw fault('invalid-metadata', 'redisType: locks are not safe on a cluster: use one server, or failover');
    }
    const redis = await openRedis(settings, log);
    return {
      async tryLock({ resourceId, owner, expirySeconds }) {
        const args = ['SET', resourceId, owner, 'NX', 'EX', String(expirySeconds)];
        return (await redis.send(resourceId, args)) !== null;
      },
      unlock: async ({ resourceId, owner }) => statuses[Number(await redis.run(release, [resourceId], [owner]))]!,
      async ping() {
        await redis.send(undefined, ['PING'], { readonly: true });
      },
      [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
    };
  },
});

const statuses: readonly UnlockStatus[] = ['SUCCESS', 'LOCK_DOES_NOT_EXIST', 'LOCK_BELONGS_TO_OTHERS'];

/** Answers an index into `statuses`. */
const release = redisScript(`
local holder = redis.call('GET', KEYS[1])
if not holder then return 1 end
if holder ~= ARGV[1] then return 2 end
redis.call('DEL', KEYS[1])
return 0
`);
