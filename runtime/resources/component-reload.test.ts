import { type Component, component } from '#crds/component.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { logName } from './component-names.ts';
import { componentReload } from './component-reload.ts';

const make = (
  name: string,
  type: string,
  more: { metadata?: object[]; ignoreErrors?: boolean; labels?: object } = {},
) =>
  component.parse({
    metadata: { name, ...(more.labels && { labels: more.labels }) },
    spec: { type, version: 'v1', metadata: more.metadata ?? [], ignoreErrors: more.ignoreErrors ?? false },
  });

function world(initial: readonly Component[] = []) {
  const done: string[] = [];
  const broken = new Set<string>();
  const apply = componentReload({
    initial,
    isOpen: () => true,
    wanted: (all) => all,
    retire: () => {},
    report: (one, problem) => done.push(`report ${one.metadata.name}: ${problem.message}`),
    forget: (name) => done.push(`forget ${name}`),
    fail: (problem) => done.push(`fail ${problem.message}`),
    log: silentLogger,
    loader: {
      async load(one) {
        if (broken.has(one.spec.type)) throw new Error('no route');
        done.push(`load ${logName(one)}`);
        return undefined;
      },
      unload(one) {
        done.push(`unload ${logName(one)}`);
        return undefined;
      },
    },
  });
  const see = async (resources: Component[], { complete = true, retry = false } = {}) => {
    await apply({ resources, complete }, retry);
    return done.splice(0);
  };
  return { see, broken };
}

describe('componentReload', () => {
  it('opens what is new, secret stores first, and closes what is gone', async () => {
    const { see } = world();
    const [store, secrets] = [make('orders', 'state.redis'), make('vault', 'secretstores.local.file')];
    expect(await see([store, secrets])).toEqual([
      'load vault (secretstores.local.file/v1)',
      'load orders (state.redis/v1)',
    ]);
    expect(await see([secrets])).toEqual(['unload orders (state.redis/v1)', 'forget orders']);
  });

  it('opens a new version and leaves an unchanged one alone', async () => {
    const { see } = world([make('orders', 'state.redis')]);
    expect(await see([make('orders', 'state.redis', { labels: { team: 'a' } })])).toEqual([]);
    const changed = make('orders', 'state.redis', { metadata: [{ name: 'redisHost', value: 'b' }] });
    expect(await see([changed])).toEqual(['load orders (state.redis/v1)']);
    expect(await see([changed])).toEqual([]);
  });

  it('leaves the old version serving when the new one cannot be opened, and tries again when asked to', async () => {
    const { see, broken } = world([make('orders', 'state.redis')]);
    const changed = make('orders', 'state.redis', { metadata: [{ name: 'redisHost', value: 'b' }] });
    broken.add('state.redis');
    expect(await see([changed])).toEqual(['report orders: no route; the version before it goes on serving']);
    expect(await see([changed])).toEqual([]);
    broken.clear();
    expect(await see([changed])).toEqual([]);
    expect(await see([changed], { retry: true })).toEqual(['load orders (state.redis/v1)']);
  });

  it('closes the old one when another type takes its name and cannot be opened', async () => {
    const { see, broken } = world([make('orders', 'state.in-memory')]);
    broken.add('state.sqlite');
    expect(await see([make('orders', 'state.sqlite', { ignoreErrors: true })])).toEqual([
      'unload orders (state.in-memory/v1)',
    ]);
    expect(await see([make('orders', 'state.in-memory')])).toEqual(['load orders (state.in-memory/v1)']);
    expect(await see([make('orders', 'state.sqlite')])).toEqual([
      'unload orders (state.in-memory/v1)',
      'fail process component orders error: no route',
    ]);
  });

  it('closes the old one after a new one of another kind is open', async () => {
    const { see } = world([make('orders', 'state.in-memory')]);
    expect(await see([make('orders', 'pubsub.in-memory')])).toEqual([
      'load orders (pubsub.in-memory/v1)',
      'unload orders (state.in-memory/v1)',
    ]);
  });

  it('takes nothing for deleted while something cannot be read', async () => {
    const { see } = world([make('orders', 'state.redis')]);
    expect(await see([make('new', 'state.redis')], { complete: false })).toEqual(['load new (state.redis/v1)']);
  });

  it('never touches an actor state store', async () => {
    const actors = { metadata: [{ name: 'actorStateStore', value: 'true' }] };
    const { see } = world([make('orders', 'state.redis', actors)]);
    expect(await see([make('orders', 'pubsub.redis')])).toEqual([]);
    expect(await see([])).toEqual([]);
  });

  it('ends the sidecar when two have the same name', async () => {
    const { see } = world();
    const [said] = await see([make('a', 'state.redis'), make('a', 'pubsub.redis')]);
    expect(said).toContain(
      'fail failed to load resources from disk: duplicate definition of Component name a (pubsub.redis/v1)',
    );
  });
});
