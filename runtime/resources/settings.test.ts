import type { SecretStore } from '#contracts/secret.ts';
import { fault } from '#kit/errors/fault.ts';
import { createLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { isEnvAllowed, missingStore, resolveSettings, type SettingsWorld } from './settings.ts';

const store: SecretStore = {
  traits: [],
  get: async ({ name }) => {
    if (name !== 'redis') throw fault('not-found', `there is no secret ${name}`);
    return { redis: 'whole', password: 'hunter2' };
  },
  bulkGet: async () => ({}),
  async [Symbol.asyncDispose]() {},
};

function setUp(more: Partial<SettingsWorld> = {}) {
  const lines: string[] = [];
  const log = createLogger({
    scope: 'test',
    level: 'warning',
    format: (_time, _level, message) => message,
    write: (line) => void lines.push(line),
  });
  const world: SettingsWorld = {
    ...{ appId: 'shop', namespace: 'prod', podName: 'shop-1', env: { HOST: 'h' }, operatorResolves: false, log },
    secretStore: (name) => (name === 'vault' ? store : undefined),
    ...more,
  };
  const owner = { kind: 'Component', name: 'orders', namespace: 'prod', secretStore: 'vault' };
  const resolve = (pairs: Parameters<typeof resolveSettings>[0], secretStore = 'vault') =>
    resolveSettings(pairs, { ...owner, secretStore }, world, new AbortController().signal);
  return { lines, world, owner, resolve };
}

describe('resolveSettings', () => {
  it('gives every value as text', async () => {
    const { values } = await setUp().resolve([
      { name: 'text', value: 'a' },
      { name: 'number', value: 5 },
      { name: 'object', value: { b: 1, a: [true] } },
      { name: 'none' },
    ]);
    expect(values).toEqual({ text: 'a', number: '5', object: '{"a":[true],"b":1}', none: '' });
  });

  it('reads secrets by key, or by the name of the secret, and remembers where from', async () => {
    const { values, secretNames } = await setUp().resolve([
      { name: 'password', secretKeyRef: { name: 'redis', key: 'password' } },
      { name: 'whole', secretKeyRef: { name: 'redis', key: '' } },
    ]);
    expect(values).toEqual({ password: 'hunter2', whole: 'whole' });
    expect(secretNames).toEqual({ password: 'redis', whole: 'redis' });
  });

  it('goes on without a secret that cannot be read, and says why', async () => {
    const { resolve } = setUp();
    const pairs = [
      { name: 'a', value: 'as given', secretKeyRef: { name: 'other', key: '' } },
      { name: 'b', secretKeyRef: { name: 'redis', key: 'user' } },
    ];
    const { values, unread } = await resolve(pairs);
    expect(values).toEqual({ a: 'as given', b: '' });
    expect(unread).toEqual({
      a: 'secret other of vault: there is no secret other',
      b: 'secret redis has no key user',
    });
    expect((await resolve(pairs.slice(1), 'later')).unread).toEqual({ b: 'secret store later is not loaded' });
    expect((await resolve(pairs.slice(1), '')).unread).toEqual({ b: 'auth.secretStore names no secret store' });
  });

  it('says which key the operator did not find', async () => {
    const { resolve } = setUp({ operatorResolves: true });
    const pair = { name: 'a', value: null, secretKeyRef: { name: 'redis', key: 'k' } };
    expect((await resolve([pair], 'kubernetes')).unread).toEqual({ a: 'secret redis has no key k' });
  });

  it.each(['kubernetes', ''])('decodes what the operator has filled in (store %j)', async (store) => {
    const value = Buffer.from('from the cluster').toString('base64');
    const { resolve } = setUp({ operatorResolves: true });
    const { values } = await resolve([{ name: 'a', value, secretKeyRef: { name: 'redis', key: 'k' } }], store);
    expect(values).toEqual({ a: 'from the cluster' });
  });

  it('reads the environment where it may, and only for settings without a value', async () => {
    const { resolve, lines } = setUp({ env: { HOST: 'h', DAPR_API_TOKEN: 'secret' } });
    const { values } = await resolve([
      { name: 'host', envRef: 'HOST' },
      { name: 'kept', value: 'v', envRef: 'HOST' },
      { name: 'token', envRef: 'DAPR_API_TOKEN' },
    ]);
    expect(values).toEqual({ host: 'h', kept: 'v', token: '' });
    expect(lines).toEqual(["Component orders references an env variable that isn't allowed: DAPR_API_TOKEN"]);
  });

  it('fills templates, each uuid anew', async () => {
    const { values } = await setUp().resolve([{ name: 'a', value: '{appID} {namespace} {podName} {uuid} {uuid}' }]);
    const [appId, namespace, podName, one, other] = values['a']!.split(' ');
    expect([appId, namespace, podName]).toEqual(['shop', 'prod.shop', 'shop-1']);
    expect(one).toMatch(/^[0-9a-f-]{36}$/);
    expect(one).not.toBe(other);
  });

  it('names the setting that needs a pod name where there is none', async () => {
    const { resolve } = setUp({ podName: '' });
    await expect(resolve([{ name: 'client', value: '{podName}' }])).rejects.toThrow(
      'property client refers to {podName} but POD_NAME is not set',
    );
  });
});

describe('missingStore', () => {
  it('names the store that is not loaded, where a secret of it is wanted', () => {
    const { world, owner } = setUp();
    const pairs = [{ name: 'a', secretKeyRef: { name: 'redis', key: '' } }];
    expect(missingStore(pairs, owner, world)).toBeUndefined();
    expect(missingStore(pairs, { ...owner, secretStore: 'later' }, world)).toBe('later');
    expect(missingStore([{ name: 'a', value: 1 }], { ...owner, secretStore: 'later' }, world)).toBeUndefined();
  });
});

describe('isEnvAllowed', () => {
  it.each([
    ['HOST', undefined, true],
    ['app_api_token', undefined, false],
    ['Dapr_X', undefined, false],
    ['A B', undefined, false],
    ['HOST', 'PORT HOST', true],
    ['OST', 'PORT HOST', false],
  ])('%s with list %s: %s', (name, list, allowed) => expect(isEnvAllowed(name, list)).toBe(allowed));
});
