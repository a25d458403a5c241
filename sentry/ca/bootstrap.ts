import { Fault, fault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import { makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { type IssuerBundle, readIssuerBundle } from '#kit/pki/bundle.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { privateKeyPem } from '#kit/pki/key.ts';
import { formatSpiffeId } from '#kit/pki/spiffe.ts';
import type { JwtConfig } from '../config.ts';
import { type JwtKey, keySetFor, makeJwtKey, readJwtKey } from './jwt-key.ts';
import { type CredentialStore, isBootstrapped, type Material } from './material.ts';

/** Checked credentials, ready to sign with. */
export type Credentials = { bundle: IssuerBundle; jwt: JwtKey | undefined };

export type BootstrapOptions = {
  trustDomain: string;
  namespace: string;
  skewMs: number;
  jwt: JwtConfig | undefined;
  now: Date;
  log: Logger;
};

const authorityTtlMs = 365 * 24 * 3_600_000;
const rounds = 5;

/**
 * Loads the credentials, making those that are wholly missing. Nothing that is there is ever replaced: partial or
 * inconsistent material is refused, a public copy that differs is mended from the stored one, and of two that bootstrap
 * at once the slower takes what the faster stored.
 */
export async function bootstrap(store: CredentialStore, options: BootstrapOptions): Promise<Credentials> {
  for (let round = 1; ; round++) {
    try {
      const material = await complete(store, options);
      const credentials = read(material, options.jwt, store.names);
      await store.publish();
      return credentials;
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.key !== 'conflict' || round === rounds) throw thrown;
      options.log.info('The credentials were stored by somebody else meanwhile; loading theirs');
    }
  }
}

async function complete(store: CredentialStore, options: BootstrapOptions): Promise<Material> {
  const { log, jwt } = options;
  const material = await store.load();
  const missing: Partial<Material> = {};
  if (!isBootstrapped(material, store.names)) {
    log.info('Root and issuer certificates not found: making a self-signed authority');
    Object.assign(missing, await makeAuthority(options));
  }
  if (jwt && material.jwtKey === undefined && material.jwks === undefined) {
    log.info('JWT signing key not found: making one');
    Object.assign(missing, await makeJwtKey());
  } else if (jwt && material.jwtKey !== undefined && material.jwks === undefined) {
    log.info('JSON Web Key Set not found: making it from the JWT signing key');
    missing.jwks = keySetFor(material.jwtKey, jwt);
  }
  if (jwt && material.jwtKey === undefined && material.jwks !== undefined)
    throw fault(
      'invalid-config',
      `${store.names.jwtKey} missing while ${store.names.jwks} is there: restore or remove it`,
    );
  if (Object.keys(missing).length > 0) await store.add(missing);
  return { ...material, ...missing };
}

function read(material: Material, jwt: JwtConfig | undefined, names: CredentialStore['names']): Credentials {
  const { anchors, chain, key } = material;
  const bundle = fromPlace([names.anchors, names.chain, names.key], () =>
    readIssuerBundle({ anchors: anchors!, chain: chain!, key: key! }),
  );
  if (!jwt) return { bundle, jwt };
  const read = () => readJwtKey(material.jwtKey!, material.jwks!, jwt);
  return { bundle, jwt: fromPlace([names.jwtKey, names.jwks], read) };
}

/** What reads, saying where it was read from when it fails. */
function fromPlace<T>(places: readonly string[], read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    throw fault(thrown.key, `${thrown.message} (read from ${places.join(', ')})`, { cause: thrown });
  }
}

async function makeAuthority(options: BootstrapOptions): Promise<Pick<Material, 'anchors' | 'chain' | 'key'>> {
  const { trustDomain, namespace, skewMs, now } = options;
  const times = { now, ttlMs: authorityTtlMs, skewMs };
  const root = await makeRoot(trustDomain, times);
  const issuer = await makeIssuer(root, formatSpiffeId({ trustDomain, namespace, appId: 'dapr-sentry' }), times);
  return {
    anchors: certificatesPem([root.certificate]),
    chain: certificatesPem([issuer.certificate]),
    key: privateKeyPem(issuer.key),
  };
}
