import { describe, expect, it } from '#kit/testing/test.ts';
import type { OidcConfig } from '../config.ts';
import { type OidcRequest, oidcPage } from './oidc.ts';

const config: OidcConfig = { host: '', port: 0, tls: undefined, jwksUri: '', pathPrefix: '', allowedHosts: [] };
const jwt = () => ({ jwks: '{"keys":[]}', algorithm: 'RS256' });
const discovery = '/.well-known/openid-configuration';

const page = (request: Partial<OidcRequest>, more: Partial<OidcConfig> = {}, issuer = '') =>
  oidcPage(
    { method: 'GET', path: discovery, host: 'localhost:9080', forwardedHost: '', secure: true, ...request },
    { config: { ...config, ...more }, jwt, issuer },
  );
const document = (...asked: Parameters<typeof page>) => JSON.parse(page(...asked).body);

describe('the OIDC pages', () => {
  it('name the configured issuer and the key set below it', () => {
    expect(document({ path: `/auth${discovery}` }, { pathPrefix: '/auth' }, 'https://id.example/auth')).toMatchObject({
      issuer: 'https://id.example/auth',
      jwks_uri: 'https://id.example/auth/jwks.json',
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });

  it('name the host of the request where no issuer is configured, never a forwarded one that nobody checked', () => {
    const forged = { forwardedHost: 'evil.example', secure: false };
    expect(document(forged)).toMatchObject({
      issuer: 'http://localhost:9080',
      jwks_uri: 'http://localhost:9080/jwks.json',
    });
    expect(document(forged, { allowedHosts: ['*'] }).issuer).toBe('http://localhost:9080');
    const proxied = { host: 'inner', forwardedHost: 'id.example' };
    expect(document(proxied, { allowedHosts: ['id.example'] }).issuer).toBe('https://id.example');
  });

  it('point to a key set elsewhere when told to, and serve their own all the same', () => {
    expect(document({}, { jwksUri: 'https://keys.example/jwks' }).jwks_uri).toBe('https://keys.example/jwks');
    expect(page({ path: '/jwks.json' })).toEqual({ status: 200, body: '{"keys":[]}' });
  });

  it.each([
    [{ path: '/' }, {}, 404],
    [{ path: '/jwks.json' }, { pathPrefix: '/auth' }, 404],
    [{ method: 'POST' }, {}, 405],
    [{ host: 'evil.example' }, { allowedHosts: ['id.example'] }, 403],
    [{ host: 'id.example:8443' }, { allowedHosts: ['id.example'] }, 200],
    [{ host: 'id.example', forwardedHost: 'evil.example' }, { allowedHosts: ['id.example'] }, 403],
    [{ host: 'evil.example', forwardedHost: 'id.example' }, { allowedHosts: ['id.example'] }, 200],
  ])('answer %j under %j with %i', (request, more, status) => {
    expect(page(request, more).status).toBe(status);
  });
});
