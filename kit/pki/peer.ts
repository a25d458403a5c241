import type { X509Certificate } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import { certificateFacts } from './certificate.ts';
import { parseSpiffeId, type SpiffeId } from './spiffe.ts';

/**
 * The identity in a peer's leaf, whose chain TLS has verified already. SPIFFE X.509-SVID §4–5: exactly one URI name,
 * not a CA, no key usage for signing certificates or CRLs. Throws `unauthenticated` saying what is wrong.
 */
export function peerIdentity(leaf: X509Certificate): SpiffeId {
  const facts = certificateFacts(leaf);
  if (facts.uris.length !== 1)
    throw fault('unauthenticated', `peer certificate has ${facts.uris.length} URI names, expected one SPIFFE ID`);
  if (facts.isCa) throw fault('unauthenticated', 'peer certificate is a CA certificate');
  if (facts.certSign || facts.crlSign)
    throw fault('unauthenticated', 'peer certificate may sign certificates or CRLs, which an identity must not');
  try {
    return parseSpiffeId(facts.uris[0]!);
  } catch (cause) {
    throw fault('unauthenticated', `peer certificate: ${(cause as Error).message}`, { cause });
  }
}
