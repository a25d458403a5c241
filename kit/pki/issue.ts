import type { KeyObject, X509Certificate } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import { certificateFacts } from './certificate.ts';
import type { Csr } from './csr.ts';
import { signatureAlgorithm } from './key.ts';
import { formatSpiffeId, type SpiffeId } from './spiffe.ts';
import {
  altNames,
  authorityKeyId,
  leafKeyUsage,
  octetsExtension,
  organizationName,
  type Signing,
  serverAndClientAuth,
  signTemplate,
} from './template.ts';

/** Who a leaf is for, as attested. */
export type LeafIdentity = {
  id: SpiffeId;
  dnsNames?: readonly string[];
  /** Further non-critical extensions: OID → octet string value. */
  extensions?: Readonly<Record<string, Uint8Array>>;
};

/** When, and for how long (milliseconds). */
export type LeafTimes = { now: Date; ttlMs: number; skewMs: number };

/** An issuer made ready to sign many leaves. */
export type LeafSigner = { signing: Signing; issuer: Buffer; authorityKeyId: Buffer[]; expiry: Date };

/** `expiry` is when the first certificate of the issuer's chain ends: no leaf outlives it. */
export function leafSigner(certificate: X509Certificate, key: KeyObject, expiry: Date): LeafSigner {
  const facts = certificateFacts(certificate);
  return {
    signing: { key, algorithm: signatureAlgorithm(key) },
    issuer: facts.subject,
    authorityKeyId: facts.subjectKeyId ? [authorityKeyId(facts.subjectKeyId)] : [],
    expiry,
  };
}

export type Leaf = { der: Buffer; notBefore: Date; notAfter: Date };

/**
 * Signs a leaf for an attested identity: empty subject, its SPIFFE ID as the only URI name, server and client
 * authentication, valid from now less the allowed clock skew until the TTL or its issuer's end, whichever is first.
 * Throws `unavailable` once the issuer has expired, `bad-request` for a name that no SPIFFE ID may hold.
 */
export function issueLeaf(csr: Csr, identity: LeafIdentity, times: LeafTimes, signer: LeafSigner): Leaf {
  const now = times.now.getTime();
  if (signer.expiry.getTime() <= now)
    throw fault(
      'unavailable',
      `the issuer certificate expired at ${signer.expiry.toISOString()}: renew the trust bundle`,
    );
  const notBefore = new Date(now - times.skewMs);
  const notAfter = new Date(Math.min(now + times.ttlMs, signer.expiry.getTime()));
  const extra = Object.entries(identity.extensions ?? {}).map(([oid, value]) => octetsExtension(oid, value));
  const der = signTemplate(
    {
      issuer: signer.issuer,
      subject: organizationName(),
      spki: csr.spki,
      notBefore,
      notAfter,
      extensions: [
        leafKeyUsage,
        serverAndClientAuth,
        ...signer.authorityKeyId,
        altNames(formatSpiffeId(identity.id), identity.dnsNames ?? []),
        ...extra,
      ],
    },
    signer.signing,
  );
  return { der, notBefore: wholeSeconds(notBefore), notAfter: wholeSeconds(notAfter) };
}

/** Certificates count in seconds. */
const wholeSeconds = (time: Date) => new Date(Math.floor(time.getTime() / 1000) * 1000);
