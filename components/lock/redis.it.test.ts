import { openComponent } from '#contracts/component.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type Redis, startRedis } from '#e2e/redis.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './redis.ts';

let server: Redis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const open = (metadata: Record<string, string> = {}) =>
  openComponent(
    component,
    { redisHost: `127.0.0.1:${server.port}`, ...metadata },
    { name: 'locks', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

describe('lock.redis', () => {
  it('gives a lock to one owner at a time', async () => {
    await using store = await open();
    const mine = { resourceId: 'r', owner: 'me', expirySeconds: 60 };
    expect(await store.tryLock(mine)).toBe(true);
    expect(await store.tryLock(mine)).toBe(false);
    expect(await store.tryLock({ ...mine, owner: 'you' })).toBe(false);
    expect(await store.unlock({ ...mine, owner: 'you' })).toBe('LOCK_BELONGS_TO_OTHERS');
    expect(await store.unlock(mine)).toBe('SUCCESS');
    expect(await store.unlock(mine)).toBe('LOCK_DOES_NOT_EXIST');
    expect(await store.tryLock({ ...mine, owner: 'you' })).toBe(true);
  });

  it('refuses a cluster', async () => {
    await expect(open({ redisType: 'cluster' })).rejects.toThrow('not safe on a cluster');
  });
});

outageConformance('lock.redis', {
  server: () => server,
  open: (login) => open(login && { redisUsername: login.user, redisPassword: login.password }),
  use: (store) => store.tryLock({ resourceId: 'outage', owner: 'me', expirySeconds: 1 }),
});
