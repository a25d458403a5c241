import type { X509Certificate } from 'node:crypto';
import type { SpiffeId } from '#kit/pki/spiffe.ts';

/** An X.509 identity (SPIFFE X.509-SVID) with its key, and the JWTs that came with it. */
export type Svid = {
  id: SpiffeId;
  leaf: X509Certificate;
  /** The leaf, then its issuers without the root. */
  chain: readonly X509Certificate[];
  chainPem: string;
  /** The authority's own anchors, where its answer held them. */
  anchorsPem: string | undefined;
  /** PKCS#8. Secret. */
  keyPem: string;
  notBefore: Date;
  notAfter: Date;
  /** One token for all audiences asked for; absent when sentry issues none. Secret. */
  jwt: string | undefined;
  jwtByAudience: ReadonlyMap<string, string>;
};

/** What an authority answers to a request. */
export type Issued = {
  chainPem: string;
  /** The anchors as the authority knows them now. */
  anchorsPem?: string | undefined;
  jwt?: string | undefined;
  jwtByAudience?: ReadonlyMap<string, string>;
};

/** Where identities come from: sentry for most, sentry's own authority for itself. */
export type SvidSource = (
  request: { csrPem: string; jwtAudiences: readonly string[] },
  signal: AbortSignal,
) => Promise<Issued>;
