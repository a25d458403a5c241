import type { SecretStore } from '#contracts/secret.ts';
import { httpEndpoint } from '#crds/http-endpoint.ts';
import { fault } from '#kit/errors/fault.ts';
import { createLogger } from '#kit/log/logger.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { Kind } from '../blocks/kind.ts';
import { secretKind } from '../blocks/secrets/kind.ts';
import { createRegistry } from '../registry.ts';
import { checkEndpoint, endpointSettings } from './endpoints.ts';

/** A sidecar of `shop` with a secret store `vault`. */
function setUp(secrets: Record<string, Record<string, string>>) {
  const lines: string[] = [];
  const store: SecretStore = {
    traits: [],
    get: async ({ name }) => secrets[name] ?? Promise.reject(fault('not-found', `there is no secret ${name}`)),
    bulkGet: async () => ({}),
    async [Symbol.asyncDispose]() {},
  };
  const registry = createRegistry();
  registry.add({
    ...{ name: 'vault', type: 'secretstores.test', version: 'v1', kind: secretKind as Kind, close: async () => {} },
    ...{ component: { store }, guard: undefined, observe: undefined },
  });
  const write = (line: string) => void lines.push(line);
  const log = createLogger({ ...{ scope: 'test', level: 'info', write }, format: (_time, _level, text) => text });
  const config = { appId: 'shop', namespace: 'prod', podName: '', env: {}, mode: 'standalone' } as const;
  return { start: { config, registry, log, signal: new AbortController().signal }, lines };
}

const endpoint = (spec: object, more: object = {}) =>
  httpEndpoint.parse({
    metadata: { name: 'payments' },
    spec: { baseUrl: 'https://payments.test', ...spec },
    auth: { secretStore: 'vault' },
    ...more,
  });

const secretOf = (name: string, key: string) => ({ secretKeyRef: { name, key } });

const guarded = endpoint({
  headers: [{ name: 'Authorization', ...secretOf('pay', 'token') }],
  clientTLS: { rootCA: secretOf('pay', 'ca.crt') },
});

describe('HTTPEndpoints', () => {
  it('get their headers and PEMs from secrets', async () => {
    const { start } = setUp({ pay: { token: 'Bearer x', 'ca.crt': 'PEM' } });
    await checkEndpoint(start, guarded);
    expect(await endpointSettings(start, [guarded])).toEqual([
      {
        name: 'payments',
        baseUrl: 'https://payments.test',
        headers: { Authorization: 'Bearer x' },
        tls: { ca: 'PEM' },
      },
    ]);
  });

  it('are left out, with every reason named, where a secret cannot be read', async () => {
    const { start, lines } = setUp({ pay: {} });
    const reasons =
      'headers Authorization: secret pay has no key token; clientTLS.rootCA: secret pay has no key ca.crt';
    await expect(checkEndpoint(start, guarded)).rejects.toThrow(reasons);
    expect(await endpointSettings(start, [guarded, endpoint({}, { metadata: { name: 'open' } })])).toMatchObject([
      { name: 'open' },
    ]);
    expect(lines).toEqual([`Could not read HTTPEndpoint payments: ${reasons}`, 'HTTP endpoint loaded: open']);
  });

  it('are not looked at where they are meant for other apps', async () => {
    const { start } = setUp({});
    const others = { ...guarded, scopes: ['cart'] };
    await checkEndpoint(start, others);
    expect(await endpointSettings(start, [others])).toEqual([]);
  });

  it('are refused where their address is none of HTTP', async () => {
    const { start } = setUp({});
    await expect(checkEndpoint(start, endpoint({ baseUrl: 'payments:80' }))).rejects.toThrow(
      'baseUrl: "payments:80" is not a URL of http or https',
    );
  });
});
