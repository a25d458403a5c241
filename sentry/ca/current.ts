import type { Logger } from '#kit/log/logger.ts';
import type { TrustAnchors } from '#kit/security/trust-anchors.ts';
import type { SentryConfig } from '../config.ts';
import type { SentryMetrics } from '../metrics.ts';
import type { Settings } from '../settings.ts';
import { type Authority, authority } from './authority.ts';
import { bootstrap, type Credentials } from './bootstrap.ts';
import type { JwtKey } from './jwt-key.ts';
import type { CredentialStore } from './material.ts';

/** The authority over the newest credentials. */
export type CurrentAuthority = {
  /** Signs with whatever is current at the time. */
  authority: Authority;
  anchors: TrustAnchors;
  jwt(): JwtKey | undefined;
  /**
   * Loads the credentials again and uses them when they changed, answering whether they did. Throws and keeps the last
   * ones when they cannot be used.
   */
  reload(): Promise<boolean>;
};

export type CurrentAuthorityOptions = {
  store: CredentialStore;
  config: Pick<SentryConfig, 'trustDomain' | 'namespace' | 'jwt'>;
  settings(): Pick<Settings, 'workloadCertTtlMs' | 'allowedClockSkewMs'>;
  metrics: Pick<SentryMetrics, 'issuerChanged' | 'issuerExpiry'>;
  log: Logger;
  now?: () => Date;
};

/** Loads or makes the credentials. */
export async function openAuthority(options: CurrentAuthorityOptions): Promise<CurrentAuthority> {
  const { store, config, settings, metrics, log, now = () => new Date() } = options;
  const listeners = new Set<() => void>();
  const load = () => bootstrap(store, { ...config, skewMs: settings().allowedClockSkewMs, now: now(), log });
  const use = (next: Credentials) => {
    metrics.issuerExpiry(next.bundle.chain[0]!.validToDate);
    return {
      credentials: next,
      authority: authority(next, { settings, jwt: config.jwt, now }),
    };
  };
  let current = use(await load());
  log.info(`Signing with issuer ${describe(current.credentials)}`);
  return {
    authority: {
      get anchorsPem() {
        return current.authority.anchorsPem;
      },
      sign: (csrPem, identity) => current.authority.sign(csrPem, identity),
      tokens: (identity, audiences) => current.authority.tokens(identity, audiences),
    },
    anchors: { pem: () => current.authority.anchorsPem, onChange: (listener) => void listeners.add(listener) },
    jwt: () => current.credentials.jwt,
    async reload() {
      const next = await load();
      if (isSame(current.credentials, next)) return false;
      const oldAnchors = current.authority.anchorsPem;
      current = use(next);
      metrics.issuerChanged();
      log.info(`Credentials changed; signing with issuer ${describe(next)}`);
      if (oldAnchors !== current.authority.anchorsPem) for (const listener of listeners) listener();
      return true;
    },
  };
}

const describe = ({ bundle }: Credentials): string => {
  const { serialNumber } = bundle.chain[0]!;
  return `${serialNumber.slice(0, 16)}…, valid until ${bundle.expiry.toISOString()}, under ${bundle.anchors.length} trust anchor(s)`;
};

function isSame(one: Credentials, other: Credentials): boolean {
  return (
    one.bundle.anchorsPem === other.bundle.anchorsPem &&
    one.bundle.chainPem === other.bundle.chainPem &&
    one.bundle.key.equals(other.bundle.key) &&
    one.jwt?.jwks === other.jwt?.jwks &&
    (one.jwt?.key.equals(other.jwt?.key ?? one.jwt.key) ?? true)
  );
}
