import type { X509Certificate } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import { peerIdentity } from '#kit/pki/peer.ts';
import { formatSpiffeId, type SpiffeId } from '#kit/pki/spiffe.ts';

/** Who may be at the other end. An absent trust domain matches any that chains to the anchors. */
export type PeerExpectation = Partial<Pick<SpiffeId, 'trustDomain'>> & Pick<SpiffeId, 'namespace' | 'appId'>;

/** Throws `unauthenticated` naming both identities unless the certificate is the expected peer's. */
export function expectPeer(expected: PeerExpectation): (certificate: X509Certificate) => void {
  return (certificate) => {
    const actual = peerIdentity(certificate);
    const domainFits = expected.trustDomain === undefined || expected.trustDomain === actual.trustDomain;
    if (domainFits && expected.namespace === actual.namespace && expected.appId === actual.appId) return;
    const wanted = `spiffe://${expected.trustDomain ?? '*'}/ns/${expected.namespace}/${expected.appId}`;
    throw fault('unauthenticated', `unexpected peer ${formatSpiffeId(actual)}, expected ${wanted}`);
  };
}

/** Throws `unauthenticated` unless `allowed` holds for the identity in the certificate. */
export function allowPeer(allowed: (id: SpiffeId) => boolean): (certificate: X509Certificate) => void {
  return (certificate) => {
    const actual = peerIdentity(certificate);
    if (!allowed(actual)) throw fault('unauthenticated', `peer ${formatSpiffeId(actual)} is not allowed here`);
  };
}
