import { parseFlags } from '#kit/flags/parse.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { configure } from './config.ts';
import { flags } from './flags.ts';

const configured = (argv: string[], env: Record<string, string> = {}) => configure(parseFlags(flags, argv), env);

describe('configure', () => {
  it('takes Dapr’s flags with one dash and defaults where they are left out', () => {
    const config = configured(['-issuer-credentials=/creds', '-issuer-ca-filename=/other/ca.pem', '-port=1234']);
    expect(config.credentials).toEqual({
      anchors: '/other/ca.pem',
      chain: '/creds/issuer.crt',
      key: '/creds/issuer.key',
      jwtKey: '/creds/jwt.key',
      jwks: '/creds/jwks.json',
    });
    expect(config).toMatchObject({
      mode: 'standalone',
      namespace: 'default',
      trustDomain: 'localhost',
      configuration: undefined,
      api: { host: '', port: 1234 },
      jwt: undefined,
      oidc: undefined,
    });
  });

  it('trims the path prefix and needs no TLS files when TLS is off', () => {
    const config = configured([
      '-jwt-enabled',
      '-oidc-enabled',
      '-oidc-server-tls-enabled=false',
      '-oidc-path-prefix=/auth/',
    ]);
    expect(config.oidc).toMatchObject({ host: 'localhost', port: 9080, tls: undefined, pathPrefix: '/auth' });
  });

  it.each([
    [['--mode=kubernetes'], 'NAMESPACE is not set'],
    [['--trust-domain=No Domain'], '--trust-domain: trust domain "No Domain"'],
    [['--jwt-issuer=https://x'], '--jwt-issuer needs --jwt-enabled'],
    [['--oidc-enabled'], '--oidc-enabled needs --jwt-enabled'],
    [['--jwt-enabled', '--oidc-enabled', '--oidc-server-tls-cert-file=x'], '--oidc-server-tls-key-file'],
  ])('refuses %j, naming the flag', (argv, reason) => {
    expect(() => configured(argv)).toThrow(reason);
  });
});
