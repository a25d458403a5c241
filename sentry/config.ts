import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import { type ControlPlaneConfig, controlPlaneConfig, type ListenAt } from '#kit/flags/control-plane.ts';
import type { ParsedFlags } from '#kit/flags/parse.ts';
import { checkTrustDomain } from '#kit/pki/spiffe.ts';
import type { Flags } from './flags.ts';

/** Everything sentry is told when it starts, besides the Configuration and the credentials. */
export type SentryConfig = ControlPlaneConfig & {
  mode: 'standalone' | 'kubernetes';
  /** Own namespace, which is the control plane's. */
  namespace: string;
  trustDomain: string;
  /** File, or in Kubernetes the name of a Configuration; undefined for none in standalone mode. */
  configuration: string | undefined;
  api: ListenAt;
  credentials: CredentialFiles;
  jwt: JwtConfig | undefined;
  oidc: OidcConfig | undefined;
  kubeconfig: string;
  env: Readonly<Record<string, string | undefined>>;
};

/** Absolute or relative paths. In Kubernetes their base names are the keys of the Secret. */
export type CredentialFiles = { anchors: string; chain: string; key: string; jwtKey: string; jwks: string };

export type JwtConfig = { issuer: string; algorithm: string; keyId: string; ttlMs: number };

export type OidcConfig = ListenAt & {
  tls: { cert: string; key: string } | undefined;
  jwksUri: string;
  /** Starts with `/`, does not end with it; empty for none. */
  pathPrefix: string;
  allowedHosts: readonly string[];
};

/** Flags and environment to configuration. Throws `invalid-config` naming the flag or variable that is wrong. */
export function configure(
  { values, given }: ParsedFlags<Flags>,
  env: Readonly<Record<string, string | undefined>>,
): SentryConfig {
  const kubernetes = values.mode === 'kubernetes';
  if (kubernetes && !env['NAMESPACE'])
    throw fault('invalid-config', 'NAMESPACE is not set: it names the own namespace');
  if (given.has('jwt-issuer') && !values['jwt-enabled'])
    throw fault('invalid-config', '--jwt-issuer needs --jwt-enabled');
  const file = (name: string) => path.resolve(values['issuer-credentials'], name);
  return {
    ...controlPlaneConfig(values),
    mode: values.mode,
    namespace: env['NAMESPACE'] || 'default',
    trustDomain: trustDomain(values['trust-domain']),
    configuration: kubernetes || given.has('config') ? values.config : undefined,
    api: { host: values['listen-address'], port: values.port },
    credentials: {
      anchors: file(values['issuer-ca-filename']),
      chain: file(values['issuer-certificate-filename']),
      key: file(values['issuer-key-filename']),
      jwtKey: file(values['jwt-key-filename']),
      jwks: file(values['jwks-filename']),
    },
    jwt: values['jwt-enabled']
      ? {
          issuer: values['jwt-issuer'],
          algorithm: values['jwt-signing-algorithm'],
          keyId: values['jwt-key-id'],
          ttlMs: values['jwt-ttl'],
        }
      : undefined,
    oidc: oidc(values),
    kubeconfig: values.kubeconfig,
    env,
  };
}

function trustDomain(text: string): string {
  try {
    return checkTrustDomain(text);
  } catch (cause) {
    throw fault('invalid-config', `--trust-domain: ${(cause as Error).message}`, { cause });
  }
}

function oidc(values: ParsedFlags<Flags>['values']): OidcConfig | undefined {
  if (!values['oidc-enabled']) return undefined;
  if (!values['jwt-enabled']) throw fault('invalid-config', '--oidc-enabled needs --jwt-enabled');
  const [cert, key] = [values['oidc-server-tls-cert-file'], values['oidc-server-tls-key-file']];
  const secure = values['oidc-server-tls-enabled'];
  if (secure && (cert === '' || key === ''))
    throw fault(
      'invalid-config',
      '--oidc-enabled needs --oidc-server-tls-cert-file and --oidc-server-tls-key-file, or --oidc-server-tls-enabled=false',
    );
  const prefix = values['oidc-path-prefix'].replace(/^\/*|\/*$/g, '');
  return {
    host: values['oidc-server-listen-address'],
    port: values['oidc-server-listen-port'],
    tls: secure ? { cert, key } : undefined,
    jwksUri: values['oidc-jwks-uri'],
    pathPrefix: prefix === '' ? '' : `/${prefix}`,
    allowedHosts: values['oidc-allowed-hosts'],
  };
}
