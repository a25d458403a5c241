import type { PubSub } from '#contracts/pubsub.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { pubsubKind } from '../blocks/pubsub/kind.ts';
import { createPublisher } from '../blocks/pubsub/publisher.ts';
import type { AppChannel } from '../channel/channel.ts';
import { noAnswer } from '../invoke/message.ts';
import { builtInTables, createPolicyResolver } from '../policy/resiliency/resolve.ts';
import { createRunner } from '../policy/resiliency/run.ts';
import { createRegistry } from '../registry.ts';
import { createAppSubscriptions } from './app-subscriptions.ts';
import { compileRules } from './route.ts';
import { createSubscriber } from './subscriber.ts';
import type { Subscription } from './subscription.ts';

type Own = { topic: string; route: string; pubsubname?: string };

function world(own: Own[] = []) {
  const clock = fakeClock();
  const registry = createRegistry();
  const seen: string[] = [];
  const warnings: string[] = [];
  let declared: readonly Subscription[] = [];
  const broker = (name: string, instance: string) => {
    const pubsub: PubSub = {
      traits: [],
      publish: async () => {},
      async subscribe({ topic }, _handler, signal) {
        seen.push(`${instance} opens ${topic}`);
        signal.addEventListener('abort', () => seen.push(`${instance} ends ${topic}`));
      },
      async [Symbol.asyncDispose]() {},
    };
    const context = { appId: 'shop', namespace: '', name, metadata: {}, secretNames: {}, namespaced: false };
    const component = pubsubKind.bind(pubsub, context);
    const rest = { guard: undefined, observe: undefined, close: async () => {} };
    registry.add({ name, type: 'pubsub.x', version: 'v1', kind: pubsubKind, component, ...rest });
  };
  const policies = {
    resolver: createPolicyResolver(builtInTables(), clock.now),
    run: createRunner({ now: clock.now, random: Math.random, pause: clock.pause }),
  };
  const publisher = createPublisher(registry, 'shop');
  const subscriptions = createAppSubscriptions({
    appId: 'shop',
    registry,
    subscriber: createSubscriber({ registry, publisher, policies, clock, log: silentLogger }),
    declared: () => declared,
    app: { channel: () => appThatSays(own), grpc: () => undefined },
    appToken: undefined,
    skipProgrammatic: false,
    policies,
    clock,
    log: { ...silentLogger, warn: (message) => void warnings.push(message) },
  });
  const happened = () => seen.splice(0);
  const declare = (...all: Subscription[]) => {
    declared = all;
  };
  return { clock, broker, registry, subscriptions, happened, declare, warnings };
}

const appThatSays = (own: Own[]): AppChannel => ({
  protocol: 'http',
  probe: async () => ({ healthy: true, reason: '', status: 200 }),
  async [Symbol.asyncDispose]() {},
  invoke: async () => ({
    ...{ ...noAnswer, status: 200, contentType: 'application/json' },
    body: Buffer.from(JSON.stringify(own.map((one) => ({ pubsubname: 'broker', ...one })))),
  }),
});

const to = async (topic: string, path = `/${topic}`): Promise<Subscription> => ({
  ...{
    pubsubName: 'broker',
    topic,
    metadata: {},
    deadLetterTopic: '',
    bulk: undefined,
    origin: 'DECLARATIVE' as const,
  },
  rules: await compileRules([], path),
});

describe('the subscriptions of the app', () => {
  it('wait for a component that is not loaded, and say so', async () => {
    const { broker, subscriptions, happened, warnings } = world([{ topic: 'a', route: 'a', pubsubname: 'late' }]);
    broker('broker', 'one');
    await subscriptions.start();
    expect(warnings).toEqual(['no pub/sub component "late" is loaded: subscriptions to a wait for it']);
    broker('late', 'two');
    await subscriptions.update();
    expect(happened()).toEqual(['two opens a']);
  });

  it('open what is new, end what is gone or changed, and leave the others alone', async () => {
    const { broker, subscriptions, happened, declare } = world();
    broker('broker', 'first');
    declare(await to('a'), await to('b'));
    await subscriptions.start();
    expect(happened()).toEqual(['first opens a', 'first opens b']);
    declare(await to('b'), await to('c'));
    await subscriptions.update();
    expect(happened().sort()).toEqual(['first ends a', 'first opens c']);
    declare(await to('b', '/elsewhere'), await to('c'));
    await subscriptions.update();
    expect(happened().sort()).toEqual(['first ends b', 'first opens b']);
    await subscriptions.update();
    expect(happened()).toEqual([]);
  });

  it('are, for each topic, the last of the app, or else the first manifest', async () => {
    const { broker, subscriptions, declare } = world([
      { topic: 'b', route: '/early' },
      { topic: 'b', route: '/late' },
    ]);
    broker('broker', 'first');
    declare(await to('a', '/one'), await to('a', '/two'), await to('b', '/manifest'));
    await subscriptions.start();
    expect(subscriptions.all().map(({ topic, rules }) => [topic, rules[0]?.path])).toEqual([
      ['a', '/one'],
      ['b', '/late'],
    ]);
  });

  it('move to the component that took the place of theirs', async () => {
    const { broker, subscriptions, happened, declare } = world();
    broker('broker', 'first');
    declare(await to('a'));
    await subscriptions.start();
    broker('broker', 'second');
    await subscriptions.update();
    expect(happened()).toEqual(['first opens a', 'first ends a', 'second opens a']);
  });

  it('end when the app is not well, and open again when it is', async () => {
    const { broker, subscriptions, happened, declare } = world();
    broker('broker', 'first');
    declare(await to('a'));
    await subscriptions.start();
    subscriptions.stop();
    await subscriptions.start();
    expect(happened()).toEqual(['first opens a', 'first ends a', 'first opens a']);
  });
});
