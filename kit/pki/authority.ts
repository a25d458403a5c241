import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { certificateFacts } from './certificate.ts';
import { generateKey, type KeyType, signatureAlgorithm } from './key.ts';
import {
  authorityKeyId,
  caConstraints,
  issuerKeyUsage,
  keyIdentifier,
  organizationName,
  rootKeyUsage,
  signTemplate,
  subjectKeyId,
  type Template,
  toCertificate,
} from './template.ts';

export type Authority = { certificate: X509Certificate; key: KeyObject };

export type AuthorityTimes = { now: Date; ttlMs: number; skewMs: number };

/** A new self-signed root named by its trust domain. */
export async function makeRoot(
  trustDomain: string,
  times: AuthorityTimes,
  type: KeyType = 'ed25519',
): Promise<Authority> {
  const key = await generateKey(type);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const name = organizationName(trustDomain);
  const extensions = [rootKeyUsage, caConstraints, subjectKeyId(keyIdentifier(spki))];
  return sign({ issuer: name, subject: name, spki, extensions }, times, key, key);
}

/** A new issuer below a root, named by `organization`; it may sign certificates and CRLs and ends with its root at the latest. */
export async function makeIssuer(
  root: Authority,
  organization: string,
  times: AuthorityTimes,
  type: KeyType = 'ed25519',
): Promise<Authority> {
  const key = await generateKey(type);
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const rootSpki = root.certificate.publicKey.export({ type: 'spki', format: 'der' });
  const extensions = [
    issuerKeyUsage,
    caConstraints,
    subjectKeyId(keyIdentifier(spki)),
    authorityKeyId(keyIdentifier(rootSpki)),
  ];
  const left = root.certificate.validToDate.getTime() - times.now.getTime();
  const issuer = certificateFacts(root.certificate).subject;
  return sign(
    { issuer, subject: organizationName(organization), spki, extensions },
    { ...times, ttlMs: Math.min(times.ttlMs, left) },
    root.key,
    key,
  );
}

function sign(
  parts: Omit<Template, 'notBefore' | 'notAfter'>,
  { now, ttlMs, skewMs }: AuthorityTimes,
  signingKey: KeyObject,
  key: KeyObject,
): Authority {
  const validity = {
    notBefore: new Date(now.getTime() - skewMs),
    notAfter: new Date(now.getTime() + ttlMs),
  };
  const signing = { key: signingKey, algorithm: signatureAlgorithm(signingKey) };
  return { certificate: toCertificate(signTemplate({ ...parts, ...validity }, signing)), key };
}
