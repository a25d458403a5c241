import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, type webcrypto } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';

/** A key in hand, with what its JWK says of its use. */
export type LocalKey = {
  key: KeyObject;
  /** `enc` or `sig`; any where it is not said. */
  use?: string | undefined;
  /** Such as `wrapKey`; all where none is said. */
  operations?: readonly string[] | undefined;
  /** The only one it may be used with; any where none is said. */
  algorithm?: string | undefined;
};

export type KeyForm = 'jwk' | 'pem';

/**
 * Reads a key: a JWK, PEM (PKCS#8, PKCS#1, PKIX), or the bytes of a symmetric one, which may be in base64. Without a
 * form, its first bytes tell. Throws `bad-request`, which never quotes it.
 */
export function parseKey(bytes: Buffer, form?: KeyForm): LocalKey {
  try {
    switch (form ?? formOf(bytes)) {
      case 'jwk':
        return keyOfJwk(JSON.parse(bytes.toString()) as unknown);
      case 'pem':
        return { key: keyOfPem(bytes) };
      default:
        return { key: createSecretKey(symmetricBytes(bytes)) };
    }
  } catch (cause) {
    throw fault('bad-request', 'the key cannot be read: it must be a JWK, PEM, or the bytes of a symmetric key', {
      cause,
    });
  }
}

/** Reads one key of a key set. Throws for what is no key. */
export function keyOfJwk(jwk: unknown): LocalKey {
  const { use, key_ops: operations, alg: algorithm } = jwk as webcrypto.JsonWebKey & { key_ops?: string[] };
  const known = { use, operations, algorithm } as Omit<LocalKey, 'key'>;
  const key = jwk as webcrypto.JsonWebKey;
  if (key.kty === 'oct') return { key: createSecretKey(String(key.k), 'base64url'), ...known };
  const create = key.d === undefined ? createPublicKey : createPrivateKey;
  return { key: create({ key, format: 'jwk' }), ...known };
}

const symmetricSizes = [16, 24, 32];

/** A symmetric key may begin with `{` by chance. */
function formOf(bytes: Buffer): KeyForm | undefined {
  if (bytes[0] === 0x7b && !symmetricSizes.includes(bytes.length)) return 'jwk';
  return bytes.length > 10 && bytes.toString('latin1', 0, 5) === '-----' ? 'pem' : undefined;
}

const keyOfPem = (pem: Buffer): KeyObject =>
  pem.toString('latin1').includes('PRIVATE KEY') ? createPrivateKey(pem) : createPublicKey(pem);

/** What reads as base64, of either alphabet, is taken for that, as in Dapr. */
function symmetricBytes(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replace(/[\n=]+$/, '');
  const digits = text.replace(/[\r\n]/g, '').length;
  const isBase64 = digits % 4 !== 1 && (/^[A-Za-z0-9+/\r\n]*$/.test(text) || /^[A-Za-z0-9_\-\r\n]*$/.test(text));
  return isBase64 ? Buffer.from(text, 'base64') : bytes;
}
