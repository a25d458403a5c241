import { fault } from '#kit/errors/fault.ts';
import { readCertificates } from '#kit/pki/certificate.ts';
import { makeCsr } from '#kit/pki/csr.ts';
import { generateKey, type KeyType, privateKeyPem } from '#kit/pki/key.ts';
import { peerIdentity } from '#kit/pki/peer.ts';
import type { Svid, SvidSource } from './svid.ts';

/** Makes a new key and has it certified. Throws `unavailable` when the answer is not a chain for that key. */
export async function obtainSvid(
  source: SvidSource,
  keyType: KeyType,
  jwtAudiences: readonly string[],
  signal: AbortSignal,
): Promise<Svid> {
  const key = await generateKey(keyType);
  const issued = await source({ csrPem: makeCsr(key), jwtAudiences }, signal);
  const chain = readCertificates(issued.chainPem);
  const leaf = chain[0];
  if (!leaf?.checkPrivateKey(key)) throw fault('unavailable', 'sentry answered a certificate for another key');
  return {
    id: peerIdentity(leaf),
    leaf,
    chain,
    chainPem: issued.chainPem,
    anchorsPem: issued.anchorsPem,
    keyPem: privateKeyPem(key),
    notBefore: leaf.validFromDate,
    notAfter: leaf.validToDate,
    jwt: issued.jwt,
    jwtByAudience: issued.jwtByAudience ?? new Map(),
  };
}
