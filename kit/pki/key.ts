import { createPrivateKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { fault } from '#kit/errors/fault.ts';
import { derElement, derOid, derSequence } from './der.ts';

/** Kinds of key that can be made: Ed25519 everywhere, RSA where an API server reads the certificate. */
export type KeyType = 'ed25519' | 'p256' | 'rsa';

const generate = promisify(generateKeyPair) as unknown as (
  type: string,
  options?: object,
) => Promise<{ privateKey: KeyObject }>;

/** A new private key. RSA keys have 2048 bits and take some 100 ms, off the main thread. */
export async function generateKey(type: KeyType): Promise<KeyObject> {
  if (type === 'ed25519') return (await generate('ed25519')).privateKey;
  if (type === 'p256') return (await generate('ec', { namedCurve: 'prime256v1' })).privateKey;
  return (await generate('rsa', { modulusLength: 2048 })).privateKey;
}

/** A private key from PEM (PKCS#8, SEC1 or PKCS#1). Throws `bad-request` without echoing the key. */
export function readPrivateKey(pem: string | Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw fault('bad-request', 'not a private key in PEM (PKCS#8, SEC1 or PKCS#1, unencrypted)');
  }
}

/** PKCS#8 PEM. */
export const privateKeyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }) as string;

const derNull = derElement(0x05);

const algorithms = {
  ed25519: { der: derSequence(derOid('1.3.101.112')), hash: null },
  rsa: { der: derSequence(derOid('1.2.840.113549.1.1.11'), derNull), hash: 'sha256' },
  'ec:prime256v1': { der: derSequence(derOid('1.2.840.10045.4.3.2')), hash: 'sha256' },
  'ec:secp384r1': { der: derSequence(derOid('1.2.840.10045.4.3.3')), hash: 'sha384' },
  'ec:secp521r1': { der: derSequence(derOid('1.2.840.10045.4.3.4')), hash: 'sha512' },
} as const;

export type SignatureAlgorithm = {
  /** AlgorithmIdentifier. */
  der: Buffer;
  /** Digest for node:crypto, null where the algorithm brings its own. */
  hash: string | null;
};

/**
 * How a key signs and is checked: Ed25519, ECDSA over P-256/384/521 with the digest of its size, RSA with SHA-256 and
 * 2048 to 8192 bits. Throws `bad-request` for any other key.
 */
export function signatureAlgorithm(key: KeyObject): SignatureAlgorithm {
  const type = key.asymmetricKeyType ?? 'secret';
  const details = key.asymmetricKeyDetails;
  if (type === 'rsa' && !(details!.modulusLength! >= 2048 && details!.modulusLength! <= 8192))
    throw fault('bad-request', `RSA keys must have 2048 to 8192 bits, this one has ${details!.modulusLength}`);
  const name = type === 'ec' ? `ec:${details!.namedCurve}` : type;
  const found = algorithms[name as keyof typeof algorithms];
  if (!found) throw fault('bad-request', `${name} keys are not supported: use Ed25519, ECDSA P-256 or RSA`);
  return found;
}

const signatures: Readonly<Record<string, { type: string; hash: string | null }>> = {
  '1.3.101.112': { type: 'ed25519', hash: null },
  '1.2.840.113549.1.1.11': { type: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { type: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { type: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { type: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { type: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { type: 'ec', hash: 'sha512' },
};

/** The digest of a signature algorithm by its OID. Throws `bad-request` when such a key cannot have made it. */
export function signatureHash(key: KeyObject, oid: string): string | null {
  signatureAlgorithm(key);
  const found = signatures[oid];
  if (found?.type !== key.asymmetricKeyType)
    throw fault('bad-request', `signature algorithm ${oid} does not fit a key of type ${key.asymmetricKeyType}`);
  return found!.hash;
}

/** The signature of an X.509 structure, as it goes into its bit string. */
export const signDer = (bytes: Uint8Array, key: KeyObject, algorithm = signatureAlgorithm(key)): Buffer =>
  sign(algorithm.hash, bytes, key);
