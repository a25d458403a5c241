import type { ConfigurationItems, ConfigurationStore } from '#contracts/configuration.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { AppChannel } from '../../channel/channel.ts';
import { createGrpcDoor } from '../../doors/grpc/door.ts';
import { createHttpDoor } from '../../doors/http/door.ts';
import { type InvokeCall, noAnswer } from '../../invoke/message.ts';
import { createRegistry } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';
import { type RestForm, throughBothDoors } from '../../testing/doors.ts';
import { subscriptionPages } from './app-callback.ts';
import { getConfiguration } from './get.ts';
import { configurationKind } from './kind.ts';
import { subscribeConfiguration } from './subscribe.ts';
import { createConfigurationSubscriptions } from './subscriptions.ts';
import { unsubscribeConfiguration } from './unsubscribe.ts';

const all: ConfigurationItems = {
  colour: { value: 'red', version: '7', metadata: { by: 'ann' } },
  blank: { value: '', version: '' },
};

type Heard = (items: ConfigurationItems) => Promise<void>;

function fakeStore() {
  const watchers = new Set<Heard>();
  const store: ConfigurationStore = {
    async get({ keys }) {
      if (keys.includes('broken')) throw new Error('no connection');
      return Object.fromEntries(Object.entries(all).filter(([key]) => keys.length === 0 || keys.includes(key)));
    },
    async subscribe({ keys }, onChange, signal) {
      if (keys.includes('broken')) throw new Error('no connection');
      watchers.add(onChange);
      signal.addEventListener('abort', () => watchers.delete(onChange), { once: true });
    },
    async [Symbol.asyncDispose]() {},
  };
  const change = (items: ConfigurationItems) => Promise.all([...watchers].map((heard) => heard(items)));
  return { store, watchers, change };
}

function withStore() {
  const registry = createRegistry();
  const add = (store: ConfigurationStore) => {
    const context = {
      appId: 'shop',
      namespace: '',
      name: 'settings',
      metadata: {},
      secretNames: {},
      namespaced: false,
    };
    const component = configurationKind.bind(store, context);
    const rest = { guard: undefined, observe: undefined, close: async () => {} };
    registry.add({
      name: 'settings',
      type: 'configuration.x',
      version: 'v1',
      kind: configurationKind,
      component,
      ...rest,
    });
  };
  const fake = fakeStore();
  add(fake.store);
  const subscriptions = createConfigurationSubscriptions(registry, silentLogger);
  const operations = [getConfiguration, subscribeConfiguration(subscriptions), unsubscribeConfiguration(subscriptions)];
  return { ...fake, registry, add, subscriptions, under: { operations, stages: [componentStage(registry, 'shop')] } };
}

const getForm: RestForm<typeof Dapr.method.getConfiguration> = {
  send: ({ storeName, keys }) => ({
    method: 'GET',
    url: `/v1.0/configuration/${storeName}?${keys.map((key) => `key=${key}`).join('&')}`,
  }),
  read: ({ body }) => ({ items: JSON.parse(String(body ?? '{}')) }),
};

throughBothDoors('reading configuration', (connect) => {
  it('answers the items that exist, or all', async () => {
    const client = connect(withStore().under);
    const get = (keys: string[]) => client.call(Dapr.method.getConfiguration, { storeName: 'settings', keys }, getForm);
    expect((await get(['colour', 'missing'])).items).toMatchObject({ colour: all['colour'] });
    expect(Object.keys((await get([])).items).sort()).toEqual(['blank', 'colour']);
    expect((await get(['missing'])).items).toEqual({});
  });

  it('says why it cannot', async () => {
    const client = connect(withStore().under);
    const get = (storeName: string, keys: string[]) =>
      client.call(Dapr.method.getConfiguration, { storeName, keys }, getForm);
    await client.fails(get('other', []), 'configuration-not-found', 'configuration store other not found');
    await client.fails(
      get('settings', ['colour', 'broken']),
      'configuration-get',
      'failed to get [colour broken] from Configuration store settings: no connection',
    );
    const none = connect({ operations: [getConfiguration], stages: [componentStage(createRegistry(), 'shop')] });
    await none.fails(
      none.call(Dapr.method.getConfiguration, { storeName: 'settings' }, getForm),
      'configuration-not-configured',
      'configuration stores not configured',
    );
  });
});

describe('subscribing to configuration over gRPC', () => {
  const open = { access: { allowed: [], denied: [] }, token: undefined, watch: {} };
  type Message = { id: string; items?: ConfigurationItems };
  const stream = (under: ReturnType<typeof withStore>['under'], keys: string[], signal: AbortSignal) => {
    const { handlers } = createGrpcDoor({ ...under, ...open })[0]!;
    const subscribe = handlers['subscribeConfiguration'] as unknown as (
      request: object,
      call: object,
    ) => AsyncIterable<Message>;
    return subscribe({ storeName: 'settings', keys, metadata: {} }, { signal, metadata: {} })[Symbol.asyncIterator]();
  };

  it('tells its id, then each change, until it is ended by that id', async () => {
    const { under, change, watchers, subscriptions } = withStore();
    const messages = stream(under, ['colour'], new AbortController().signal);
    const { id } = (await messages.next()).value as Message;
    await change({ colour: { value: 'green', version: '8' } });
    await change({ colour: { value: 'blue', version: '9' } });
    const second = (await messages.next()).value as Message;
    expect(second).toEqual({ id, items: { colour: { value: 'green', version: '8', metadata: {} } } });
    expect((await messages.next()).value).toMatchObject({ items: { colour: { value: 'blue' } } });
    expect(subscriptions.end(id)).toBe(true);
    expect((await messages.next()).done).toBe(true);
    expect(watchers.size).toBe(0);
  });

  it('joins the changes that a slow reader has not taken, the newest winning', async () => {
    const { under, change } = withStore();
    const messages = stream(under, [], new AbortController().signal);
    await messages.next();
    for (let version = 1; version <= 5_000; version++) await change({ n: { value: 'x', version: `${version}` } });
    let last = '';
    for (let count = 0; last !== '5000'; count++) {
      expect(count).toBeLessThan(1_001);
      last = ((await messages.next()).value as Message).items!['n']!.version;
    }
  });

  it('goes on over a store that was replaced, and ends with one that is gone', async () => {
    const { under, add, registry, watchers, subscriptions } = withStore();
    const messages = stream(under, [], new AbortController().signal);
    const { id } = (await messages.next()).value as Message;
    const next = fakeStore();
    add(next.store);
    await subscriptions.reopen(new Set(['settings']));
    expect(watchers.size).toBe(0);
    await next.change({ colour: { value: 'green', version: '8' } });
    expect((await messages.next()).value).toMatchObject({ id, items: { colour: { value: 'green' } } });
    registry.remove(configurationKind, 'settings');
    await subscriptions.reopen(new Set(['settings']));
    expect((await messages.next()).done).toBe(true);
  });

  it('lets go of the store when the client leaves', async () => {
    const { under, watchers } = withStore();
    const client = new AbortController();
    const messages = stream(under, [], client.signal);
    await messages.next();
    const next = messages.next();
    client.abort();
    expect((await next).done).toBe(true);
    expect(watchers.size).toBe(0);
  });
});

describe('subscribing to configuration over HTTP', () => {
  function withApp(status = 200) {
    const world = withStore();
    const calls: InvokeCall[] = [];
    const channel = {
      async invoke(call: InvokeCall) {
        calls.push(call);
        return { ...noAnswer, status };
      },
    } as unknown as AppChannel;
    const policies = {
      resolver: { component: () => ({}) },
      run: async (_policy: unknown, attempt: (one: object) => Promise<unknown>) => attempt({}),
    } as unknown as Parameters<typeof subscriptionPages>[0]['policies'];
    const app = { channel: () => channel as AppChannel | undefined };
    const pages = subscriptionPages({ subscriptions: world.subscriptions, app, policies, log: silentLogger });
    const open = { access: { allowed: [], denied: [] }, token: undefined, watch: {} };
    const door = createHttpDoor({ ...world.under, ...open, pages });
    const get = async (url: string) => {
      const { signal } = new AbortController();
      const nothing = {
        headers: {},
        hasBody: false,
        read: async () => Buffer.alloc(0),
        stream: (async function* () {})(),
      };
      const { status, body } = await door({ method: 'GET', url, signal, ...nothing });
      return { status, body: JSON.parse(String(body ?? 'null')) };
    };
    return { ...world, app, calls, get };
  }

  it('answers an id, and posts what changes to the path of its key', async () => {
    const { get, change, calls } = withApp();
    const { body } = await get('/v1.0/configuration/settings/subscribe?key=colour');
    await change({ colour: { value: 'green', version: '8' } });
    await eventually(() => expect(calls).toHaveLength(1));
    expect(calls[0]).toMatchObject({ method: 'configuration/settings/colour', verb: 'POST' });
    expect(JSON.parse(String(calls[0]!.body))).toEqual({
      id: body.id,
      items: { colour: { value: 'green', version: '8' } },
    });
  });

  it('ends by its id, once', async () => {
    const { get, watchers } = withApp();
    const { id } = (await get('/v1.0-alpha1/configuration/settings/subscribe')).body;
    const end = () => get(`/v1.0/configuration/settings/${id}/unsubscribe`);
    expect(await end()).toEqual({ status: 200, body: { ok: true } });
    expect(watchers.size).toBe(0);
    const message = `failed to unsubscribe to configuration request ${id}: subscription does not exist`;
    expect(await end()).toEqual({ status: 500, body: { message } });
  });

  it('says why it cannot', async () => {
    const { get, app } = withApp();
    expect(await get('/v1.0/configuration/other/subscribe')).toMatchObject({
      status: 400,
      body: { errorCode: 'ERR_CONFIGURATION_STORE_NOT_FOUND' },
    });
    expect(await get('/v1.0/configuration/settings/subscribe?key=broken')).toMatchObject({
      status: 500,
      body: { message: 'failed to subscribe [broken] from Configuration store settings: no connection' },
    });
    app.channel = () => undefined;
    expect(await get('/v1.0/configuration/settings/subscribe')).toMatchObject({
      status: 500,
      body: { errorCode: 'ERR_APP_CHANNEL_NIL' },
    });
  });
});
