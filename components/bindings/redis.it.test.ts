import { createClient, type RedisClientType } from 'redis';
import { openComponent } from '#contracts/component.ts';
import { bindingConformance } from '#contracts/conformance/binding.ts';
import { outageConformance } from '#contracts/conformance/outage.ts';
import { type Redis, startRedis } from '#e2e/redis.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './redis.ts';

let server: Redis;
let client: RedisClientType;
beforeAll(async () => {
  server = await startRedis();
  client = await createClient({ url: server.url })
    .on('error', () => {})
    .connect();
});
afterAll(async () => {
  await client.close();
  await server[Symbol.asyncDispose]();
});

const open = (login: Record<string, string> = {}) =>
  openComponent(
    component,
    { redisHost: `127.0.0.1:${server.port}`, ...login },
    { name: 'cache', log: silentLogger, signal: new AbortController().signal, env: {} },
  );
const bytes = (text: string) => new TextEncoder().encode(text);
const nothing = new Uint8Array();

bindingConformance('bindings.redis', () => open(), {
  invoke: { operation: 'create', data: bytes('x'), metadata: { key: 'conformance' } },
});

describe('bindings.redis', () => {
  it('writes, reads and deletes any bytes', async () => {
    await using binding = await open();
    const data = Uint8Array.from([0, 255, 10, 34]);
    const call = async (operation: string, more: Record<string, string> = {}) => {
      const answer = await binding.invoke!({ operation, data, metadata: { key: 'k', ...more } });
      return answer.data && Uint8Array.from(answer.data);
    };
    await call('create');
    expect(await call('get')).toEqual(data);
    await call('delete');
    expect(await call('get')).toBeUndefined();
    await call('create', { ttlInSeconds: '100' });
    expect(await client.ttl('k')).toBeGreaterThan(90);
    expect(await call('get', { delete: 'true' })).toEqual(data);
    expect(await client.exists('k')).toBe(0);
  });

  it('counts', async () => {
    await using binding = await open();
    const metadata = { key: 'count', ttlInSeconds: '100' };
    for (let time = 0; time < 3; time++) await binding.invoke!({ operation: 'increment', data: nothing, metadata });
    expect(await client.get('count')).toBe('3');
    expect(await client.ttl('count')).toBeGreaterThan(90);
  });

  it.each([
    [{}, 'missing key in request metadata'],
    [{ key: 'k', ttlInSeconds: 'soon' }, 'metadata ttlInSeconds is "soon"'],
    [{ key: 'k', ttlInSeconds: '0' }, 'metadata ttlInSeconds is "0"'],
  ])('refuses metadata %j', async (metadata, why) => {
    await using binding = await open();
    const call = binding.invoke!({ operation: 'create', data: nothing, metadata: metadata as Record<string, string> });
    await expect(call).rejects.toThrow(why);
  });
});

outageConformance('bindings.redis', {
  server: () => server,
  open: (login) => open(login && { redisUsername: login.user, redisPassword: login.password }),
  use: (binding) => binding.invoke!({ operation: 'create', data: nothing, metadata: { key: 'outage' } }),
});
