import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { AppConfig } from '../../config.ts';
import { createHttpDoor } from '../../doors/http/door.ts';
import { type RestForm, throughBothDoors } from '../../testing/doors.ts';
import { withStore } from '../../testing/state/store.ts';
import { extendedMetadata } from './extended.ts';
import { componentFacts, ownFacts } from './facts.ts';
import { getMetadata } from './get.ts';
import { setMetadata } from './set.ts';

const app: AppConfig = {
  port: 8080,
  protocol: 'http',
  channelAddress: '127.0.0.1',
  maxConcurrency: 0,
  health: { path: '/ok', intervalMs: 5_000, timeoutMs: 500, threshold: 3 },
  token: '',
};

async function metadataOperations() {
  const { registry } = await withStore();
  const extended = extendedMetadata();
  const subscriptions = () => ({
    subscriptions: [{ pubsubName: 'bus', topic: 't', rules: { rules: [{ match: 'true', path: '/a' }] }, type: 1 }],
  });
  const parts = [ownFacts('shop', app, ['HotReload']), componentFacts(registry), subscriptions];
  return [getMetadata(parts, extended), setMetadata(extended)];
}

const { method } = Dapr;
const setForm: RestForm<typeof method.setMetadata> = {
  send: ({ key, value }) => ({ method: 'PUT', url: `/v1.0/metadata/${key}`, body: Buffer.from(value) }),
};
const getForm: RestForm<typeof method.getMetadata> = {
  send: () => ({ method: 'GET', url: '/v1.0/metadata' }),
  read({ body }) {
    const { id, extended, components } = JSON.parse(String(body));
    return { id, extendedMetadata: extended, registeredComponents: components };
  },
};

throughBothDoors('the metadata of a sidecar', (connect) => {
  it('names the app, its components and what it was told', async () => {
    const client = connect({ operations: await metadataOperations() });
    await client.call(method.setMetadata, { key: 'owner', value: 'team "a"' }, setForm);
    const told = await client.call(method.getMetadata, {}, getForm);
    expect(told).toMatchObject({
      id: 'shop',
      extendedMetadata: { owner: 'team "a"', daprRuntimeVersion: '1.18.0' },
      registeredComponents: [
        {
          name: 'orders',
          capabilities: ['ETAG', 'TRANSACTIONAL', 'TTL', 'DELETE_WITH_PREFIX', 'KEYS_LIKE', 'ACTOR'],
        },
      ],
    });
  });
});

it('has its own form over HTTP: older names, flat rules, no empty parts', async () => {
  const door = createHttpDoor({
    ...{ operations: await metadataOperations(), pages: [], stages: [] },
    ...{ access: { allowed: [], denied: [] }, token: undefined, watch: {} },
  });
  const stream = (async function* () {})();
  const reply = await door({
    ...{ method: 'GET', url: '/v1.0/metadata', headers: {}, hasBody: false, read: async () => Buffer.alloc(0), stream },
    signal: new AbortController().signal,
  });
  const told = JSON.parse(String(reply.body));
  expect(told.subscriptions).toEqual([
    { pubsubname: 'bus', topic: 't', rules: [{ match: 'true', path: '/a' }], deadLetterTopic: '', type: 'DECLARATIVE' },
  ]);
  expect(told.actorRuntime).toEqual({
    runtimeStatus: 'DISABLED',
    hostReady: false,
    placement: 'placement: disconnected',
  });
  expect(told.appConnectionProperties.health).toEqual({
    ...{ healthCheckPath: '/ok', healthProbeInterval: '5s', healthProbeTimeout: '500ms', healthThreshold: 3 },
  });
  for (const absent of ['httpEndpoints', 'scheduler', 'workflows']) expect(told).not.toHaveProperty(absent);
});
