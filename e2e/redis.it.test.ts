import { createClient } from 'redis';
import { describe, expect, it } from '#kit/testing/test.ts';
import { startRedis } from './redis.ts';

describe('startRedis', () => {
  it('keeps every acknowledged write through a crash', async () => {
    await using server = await startRedis();
    const first = await createClient({ url: server.url, socket: { reconnectStrategy: false } })
      .on('error', () => undefined)
      .connect();
    await first.set('order', '7');
    await server.kill();
    await server.restart();

    const second = await createClient({ url: server.url }).connect();
    expect(await second.get('order')).toBe('7');
    second.destroy();
  });
});
