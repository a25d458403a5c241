import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { AppChannel } from '../channel/channel.ts';
import { noAnswer } from '../invoke/message.ts';
import type { App } from './app-channel.ts';
import { readAppConfig } from './app-config.ts';

/** An app that answers so, and whether its answer was read to its end: until then it holds a place at the app. */
function app(status: number, text: string) {
  const seen = { done: false };
  const body = (async function* () {
    yield Buffer.from(text);
    seen.done = true;
  })();
  const channel = { protocol: 'http', invoke: async () => ({ ...noAnswer, status, body }) } as unknown as AppChannel;
  const one: App = { channel: () => channel, grpc: () => undefined, health: undefined, ready: Promise.resolve() };
  return { seen, read: () => readAppConfig({ appId: 'shop', skipAppConfig: false }, one, silentLogger) };
}

describe("an app's own configuration", () => {
  it('is what it answers', async () => {
    expect(await app(200, '{"entities":["cart"]}').read()).toEqual({ entities: ['cart'] });
  });

  it('is none where it answers otherwise, and the answer holds no place at the app any longer', async () => {
    const { seen, read } = app(404, 'not here');
    expect(await read()).toBeUndefined();
    expect(seen.done).toBe(true);
  });
});
