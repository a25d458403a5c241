import { describe, expect, it } from '#kit/testing/test.ts';
import type { DaprResource } from '../resource.ts';
import {
  referencesOfComponent,
  referencesOfConfiguration,
  referencesOfHttpEndpoint,
  referencesOfMcpServer,
} from './secret-references.ts';

const resource = (spec: Record<string, unknown>, more: Partial<DaprResource> = {}): DaprResource => ({
  metadata: { namespace: 'shop', name: 'one' },
  spec,
  ...more,
});
const ref = (name: string, key?: string) => ({ secretKeyRef: { name, ...(key && { key }) } });

describe('the secrets that a resource refers to', () => {
  it("are those of a Component's settings, by key or by the name of the Secret", () => {
    const metadata = [
      { name: 'host', value: 'x' },
      { name: 'password', ...ref('redis', 'pass') },
      { name: 'user', ...ref('user') },
    ];
    expect(referencesOfComponent(resource({ metadata }, { auth: { secretStore: 'vault' } }))).toEqual({
      store: 'vault',
      references: [
        { field: 'password', name: 'redis', key: 'pass' },
        { field: 'user', name: 'user', key: 'user' },
      ],
    });
  });

  it("are those of an HTTPEndpoint's headers and PEMs", () => {
    const spec = {
      headers: [{ name: 'Authorization', ...ref('pay', 'token') }],
      clientTLS: { rootCA: ref('ca', 'ca.crt'), renegotiation: 'Never' },
    };
    expect(referencesOfHttpEndpoint(resource(spec)).references).toEqual([
      { field: 'spec.headers Authorization', name: 'pay', key: 'token' },
      { field: 'spec.clientTLS.rootCA', name: 'ca', key: 'ca.crt' },
    ]);
  });

  it("are those of an MCPServer's headers and of its OAuth2 client", () => {
    const auth = { secretStore: 'vault', oauth2: { issuer: 'https://sso.test', ...ref('sso', 'secret') } };
    const spec = {
      endpoint: { streamableHTTP: { url: 'https://x.test', headers: [{ name: 'X-Key', ...ref('mcp', 'key') }], auth } },
    };
    expect(referencesOfMcpServer(resource(spec))).toEqual({
      store: 'vault',
      references: [
        { field: 'spec.endpoint.streamableHTTP.headers X-Key', name: 'mcp', key: 'key' },
        { field: 'spec.endpoint.streamableHTTP.auth.oauth2', name: 'sso', key: 'secret' },
      ],
    });
  });

  it('are those of the headers by which a Configuration exports traces', () => {
    const headers = [{ name: 'api-key', ...ref('traces', 'key') }];
    expect(referencesOfConfiguration(resource({ tracing: { otel: { headers } } })).references).toEqual([
      { field: 'spec.tracing.otel.headers api-key', name: 'traces', key: 'key' },
    ]);
  });

  it('are none where the manifest makes no sense', () => {
    const odd = [undefined, null, 'x', [null], [{ secretKeyRef: null }], { stdio: null }];
    for (const value of odd) {
      const spec = { metadata: value, headers: value, clientTLS: value, endpoint: value, tracing: value };
      for (const of of [
        referencesOfComponent,
        referencesOfConfiguration,
        referencesOfHttpEndpoint,
        referencesOfMcpServer,
      ])
        expect(of(resource(spec as Record<string, unknown>)).references).toEqual([]);
    }
    expect(referencesOfMcpServer({ metadata: { name: 'bare' } }).references).toEqual([]);
  });
});
