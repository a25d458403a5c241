import type { Binding, BindingEvent, EventHandler } from '#contracts/binding.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { type BoundBinding, bindingKind } from '../blocks/bindings/kind.ts';
import type { AppChannel } from '../channel/channel.ts';
import { type InvokeCall, noAnswer } from '../invoke/message.ts';
import { builtInTables, createPolicyResolver } from '../policy/resiliency/resolve.ts';
import { createRunner } from '../policy/resiliency/run.ts';
import { createRegistry } from '../registry.ts';
import { createAppInputs } from './app-inputs.ts';

type Source = { emit(event?: Partial<BindingEvent>): Promise<unknown>; isRead(): boolean; bound: BoundBinding };

function world(unwanted: readonly string[] = []) {
  const clock = fakeClock();
  const registry = createRegistry();
  const answers: PromiseWithResolvers<void>[] = [];
  const counted: [string, boolean][] = [];
  const app: AppChannel = {
    protocol: 'http',
    probe: async () => ({ healthy: true, reason: '', status: 200 }),
    async invoke({ verb, method }: InvokeCall) {
      if (verb === 'OPTIONS') return { ...noAnswer, status: unwanted.includes(method) ? 404 : 200 };
      const answer = Promise.withResolvers<void>();
      answers.push(answer);
      await answer.promise;
      return { ...noAnswer, status: 200, body: Buffer.from('done') };
    },
    async [Symbol.asyncDispose]() {},
  };
  const add = (name: string): Source => {
    let handler: EventHandler | undefined;
    let signal: AbortSignal | undefined;
    const binding: Binding = {
      async read(given, ends) {
        [handler, signal] = [given, ends];
      },
      async [Symbol.asyncDispose]() {},
    };
    const context = { appId: 'shop', namespace: '', name, metadata: {}, secretNames: {}, namespaced: false };
    const bound = bindingKind.bind(binding, context);
    const rest = { guard: undefined, observe: undefined, close: async () => {} };
    registry.add({ name, type: 'bindings.x', version: 'v1', kind: bindingKind, component: bound, ...rest });
    return {
      bound,
      emit: async (event) => await handler!({ data: Buffer.from('e'), ...event }, signal!),
      isRead: () => handler !== undefined && !signal!.aborted,
    };
  };
  const inputs = createAppInputs({
    registry,
    app: { channel: () => app, grpc: () => undefined },
    appToken: undefined,
    askMs: 1_000,
    policies: {
      resolver: createPolicyResolver(builtInTables(), clock.now),
      run: createRunner({ now: clock.now, random: Math.random, pause: clock.pause }),
    },
    count: (name, success) => counted.push([name, success]),
    clock,
    log: silentLogger,
  });
  return { add, registry, inputs, answers, counted, clock };
}

describe('the input bindings of the app', () => {
  it('are read where the app wants them', async () => {
    const { add, inputs, answers, counted, clock } = world(['other']);
    const [orders, other] = [add('orders'), add('other')];
    await inputs.update();
    expect([orders.isRead(), other.isRead()]).toEqual([true, false]);
    const answer = orders.emit();
    await clock.advance(0);
    answers[0]!.resolve();
    expect(Buffer.from((await answer) as Uint8Array).toString()).toBe('done');
    expect(counted).toEqual([['orders', true]]);
  });

  it('follow a component that was replaced, and leave the others alone', async () => {
    const { add, inputs } = world();
    const [before, other] = [add('orders'), add('other')];
    await inputs.update();
    const after = add('orders');
    await inputs.update();
    expect([before.isRead(), after.isRead(), other.isRead()]).toEqual([false, true, true]);
  });

  it('finish what is under way when they are left, and refuse what comes meanwhile', async () => {
    const { add, inputs, answers, clock } = world();
    const orders = add('orders');
    await inputs.update();
    const first = orders.emit();
    await clock.advance(0);
    void inputs.leave(orders.bound, 30_000);
    await expect(orders.emit()).rejects.toThrow('input binding is closed');
    expect(orders.isRead()).toBe(true);
    answers[0]!.resolve();
    await expect(first).resolves.toBeDefined();
    await clock.advance(400);
    expect(orders.isRead()).toBe(false);
  });

  it('are read again after they were stopped', async () => {
    const { add, inputs } = world();
    const orders = add('orders');
    await inputs.update();
    await inputs.stop(0);
    expect(orders.isRead()).toBe(false);
    await inputs.update();
    expect(orders.isRead()).toBe(true);
  });
});
