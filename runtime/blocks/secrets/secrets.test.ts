import type { SecretStore } from '#contracts/secret.ts';
import { fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { createRegistry } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';
import { type RestForm, throughBothDoors } from '../../testing/doors.ts';
import { secretAccess } from './access.ts';
import { getSecret } from './get.ts';
import { getBulkSecret } from './get-bulk.ts';
import { secretKind } from './kind.ts';

const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'db/pass': { 'db/pass': 's3cret' },
  token: { a: '1', b: '2' },
};

const vault: SecretStore = {
  traits: [],
  async get({ name }) {
    const found = secrets[name];
    if (found === undefined) throw fault('not-found', `there is no secret ${name}`);
    return found;
  },
  bulkGet: async () => secrets,
  async [Symbol.asyncDispose]() {},
};

const { method } = Dapr;
const getForm: RestForm<typeof method.getSecret> = {
  send: ({ storeName, key }) => ({ method: 'GET', url: `/v1.0/secrets/${storeName}/${encodeURIComponent(key)}` }),
  read: ({ body }) => ({ data: JSON.parse(String(body)) }),
};
const bulkForm: RestForm<typeof method.getBulkSecret> = {
  send: ({ storeName }) => ({ method: 'GET', url: `/v1.0/secrets/${storeName}/bulk` }),
  read: ({ body }) => {
    const all = Object.entries(JSON.parse(String(body)) as Record<string, Record<string, string>>);
    return { data: Object.fromEntries(all.map(([name, one]) => [name, { secrets: one }])) };
  },
};

throughBothDoors('reading secrets', (connect) => {
  const setUp = (scope = {}) => {
    const registry = createRegistry();
    const component = { name: 'vault', store: vault };
    registry.add({
      ...{ name: 'vault', type: 'secretstores.test', version: 'v1', kind: secretKind, component },
      ...{ guard: undefined, observe: undefined, close: async () => {} },
    });
    const access = secretAccess([{ storeName: 'vault', ...scope }]);
    const client = connect({
      operations: [getSecret(access), getBulkSecret(access)],
      stages: [componentStage(registry, 'shop')],
    });
    return {
      client,
      get: (key: string, storeName = 'vault') => client.call(method.getSecret, { storeName, key }, getForm),
    };
  };

  it('answers the values of a secret, whatever its name', async () => {
    expect((await setUp().get('db/pass')).data).toEqual({ 'db/pass': 's3cret' });
    expect((await setUp().get('token')).data).toEqual({ a: '1', b: '2' });
  });

  it('denies what the Configuration denies', async () => {
    const { client, get } = setUp({ deniedSecrets: ['token'] });
    await client.fails(get('token'), 'secret-denied', 'access denied by policy to get "token" from "vault"');
  });

  it('leaves denied secrets out of the whole', async () => {
    const { client } = setUp({ allowedSecrets: ['token'] });
    const { data } = await client.call(method.getBulkSecret, { storeName: 'vault' }, bulkForm);
    expect(Object.keys(data)).toEqual(['token']);
    expect(data['token']?.secrets).toEqual({ a: '1', b: '2' });
  });

  it('hands on why a secret cannot be read, and names a store that does not exist', async () => {
    const { client, get } = setUp();
    await client.fails(
      get('none'),
      'secret-get',
      'failed getting secret with key none from secret store vault: there is no secret none',
    );
    await client.fails(get('token', 'other'), 'secret-store-not-found', 'failed finding secret store with key other');
  });
});

describe('secretAccess', () => {
  it('lets a list of allowed secrets decide alone, then denials, then the default', () => {
    const access = secretAccess([
      { storeName: 'exclusive', allowedSecrets: ['a'], deniedSecrets: ['a'] },
      { storeName: 'closed', defaultAccess: 'deny' },
      { storeName: 'open', deniedSecrets: ['b'] },
    ]);
    expect([access('exclusive', 'a'), access('exclusive', 'b')]).toEqual([true, false]);
    expect(access('closed', 'a')).toBe(false);
    expect([access('open', 'a'), access('open', 'b'), access('unnamed', 'a')]).toEqual([true, false, true]);
  });
});
