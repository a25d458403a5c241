import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import { certificateFacts, certificatesPem, readCertificates } from './certificate.ts';
import { readPrivateKey, signatureAlgorithm } from './key.ts';

/** A certificate authority's material, checked. */
export type IssuerBundle = {
  anchors: readonly X509Certificate[];
  /** The issuer first, then what leads to an anchor, without the anchor. */
  chain: readonly X509Certificate[];
  key: KeyObject;
  anchorsPem: string;
  chainPem: string;
  /** When the first certificate on the way from issuer to anchor ends. */
  expiry: Date;
};

export type BundleTexts = { anchors: string; chain: string; key: string };

/**
 * Checks that anchors are self-signed CAs, that the issuer may sign certificates and holds the given key, and that its
 * chain leads to one of the anchors; a root at the end of the chain is left out. Expired issuers are accepted here:
 * issuing is what refuses them. Throws `invalid-config` naming the item that is wrong.
 */
export function readIssuerBundle(texts: BundleTexts): IssuerBundle {
  const anchors = readAnchors(texts.anchors);
  const given = certificatesOf('issuer chain', texts.chain);
  const chain = given.length > 1 && isSelfSigned(given.at(-1)!) ? given.slice(0, -1) : given;
  const issuer = chain[0]!;
  const facts = certificateFacts(issuer);
  if (!facts.isCa || !facts.certSign)
    throw fault('invalid-config', 'issuer certificate: it may not sign certificates (not a CA, or no certSign usage)');
  const key = keyOf(texts.key);
  if (!createPublicKey(key).equals(issuer.publicKey))
    throw fault('invalid-config', 'issuer key: it does not belong to the issuer certificate');
  const path = pathToAnchor(chain, anchors);
  const expiry = new Date(Math.min(...path.map((certificate) => certificate.validToDate.getTime())));
  return { anchors, chain, key, anchorsPem: certificatesPem(anchors), chainPem: certificatesPem(chain), expiry };
}

/** Trust anchors: one or more self-signed certificates. Throws `invalid-config` naming the one that is not. */
export function readAnchors(pem: string): X509Certificate[] {
  const anchors = certificatesOf('trust anchors', pem);
  const foreign = anchors.findIndex((anchor) => !isSelfSigned(anchor));
  if (foreign >= 0) throw fault('invalid-config', `trust anchors: certificate ${foreign + 1} is not self-signed`);
  return anchors;
}

/** Whether a certificate is signed by its own key. */
export const isSelfSigned = (certificate: X509Certificate): boolean => isIssuedBy(certificate, certificate);

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function certificatesOf(item: string, pem: string): X509Certificate[] {
  try {
    const certificates = readCertificates(pem);
    if (certificates.length > 0) return certificates;
  } catch (cause) {
    throw fault('invalid-config', `${item}: ${(cause as Error).message}`, { cause });
  }
  throw fault('invalid-config', `${item}: no certificate in it`);
}

function keyOf(pem: string): KeyObject {
  try {
    const key = readPrivateKey(pem);
    signatureAlgorithm(key);
    return key;
  } catch (cause) {
    throw fault('invalid-config', `issuer key: ${(cause as Error).message}`, { cause });
  }
}

/** The issuer chain and the anchor it ends at. An issuer that is itself an anchor is its own path. */
function pathToAnchor(chain: readonly X509Certificate[], anchors: readonly X509Certificate[]): X509Certificate[] {
  chain.forEach((certificate, i) => {
    const next = chain[i + 1];
    if (next && !isIssuedBy(certificate, next))
      throw fault('invalid-config', `issuer chain: certificate ${i + 1} is not signed by certificate ${i + 2}`);
  });
  const last = chain.at(-1)!;
  const anchor = anchors.find((candidate) => isIssuedBy(last, candidate));
  if (!anchor) throw fault('invalid-config', 'issuer chain: it does not lead to any of the trust anchors');
  return [...chain, anchor];
}
