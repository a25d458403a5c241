import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import { generateKey, privateKeyPem, readPrivateKey } from '#kit/pki/key.ts';
import type { JwtConfig } from '../config.ts';

/** The key that signs JWTs and the public set it is verified by. */
export type JwtKey = {
  key: KeyObject;
  keyId: string;
  algorithm: string;
  /** The JSON Web Key Set as stored and served. */
  jwks: string;
};

type Jwk = Record<string, unknown>;

/** A new RSA key of 2048 bits with its key set, as texts to store. */
export async function makeJwtKey(): Promise<{ jwtKey: string; jwks: string }> {
  const key = await generateKey('rsa');
  return { jwtKey: privateKeyPem(key), jwks: keySetOf(key, thumbprint(publicJwk(key)), 'RS256') };
}

/** The key set of a stored key that has none. */
export function keySetFor(keyPem: string, config: JwtConfig): string {
  const key = readKey(keyPem);
  return keySetOf(key, config.keyId || thumbprint(publicJwk(key)), config.algorithm);
}

/**
 * Checks a stored key against its key set and the algorithm asked for. With a key ID given, the set must hold the key
 * under that ID. Throws `invalid-config` naming what does not fit.
 */
export function readJwtKey(keyPem: string, jwks: string, config: JwtConfig): JwtKey {
  const key = readKey(keyPem);
  checkAlgorithm(key, config.algorithm);
  const keys = readKeySet(jwks);
  const own = thumbprint(publicJwk(key));
  const matching = keys.filter(
    (jwk) => (jwk['use'] === undefined || jwk['use'] === 'sig') && isJwk(jwk) && thumbprint(jwk) === own,
  );
  if (matching.length === 0)
    throw fault('invalid-config', 'JWKS: no key in it is the public key of the JWT signing key');
  if (config.keyId !== '' && !matching.some((jwk) => jwk['kid'] === config.keyId))
    throw fault('invalid-config', `JWKS: the JWT signing key is not in it under key ID "${config.keyId}"`);
  return { key, keyId: config.keyId || own, algorithm: config.algorithm, jwks };
}

function readKey(pem: string): KeyObject {
  try {
    return readPrivateKey(pem);
  } catch (cause) {
    throw fault('invalid-config', `JWT signing key: ${(cause as Error).message}`, { cause });
  }
}

function readKeySet(text: string): Jwk[] {
  let set: { keys?: unknown };
  try {
    set = JSON.parse(text) as { keys?: unknown };
  } catch (cause) {
    throw fault('invalid-config', 'JWKS: not JSON', { cause });
  }
  if (!Array.isArray(set?.keys) || set.keys.length === 0) throw fault('invalid-config', 'JWKS: no keys in it');
  return set.keys as Jwk[];
}

const publicJwk = (key: KeyObject): Jwk => createPublicKey(key).export({ format: 'jwk' }) as Jwk;

const required: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

const isJwk = (jwk: Jwk): boolean => typeof jwk === 'object' && jwk !== null && String(jwk['kty']) in required;

/** RFC 7638, in the standard base64 that Dapr writes key IDs in. */
function thumbprint(jwk: Jwk): string {
  const members = Object.fromEntries(required[String(jwk['kty'])]!.map((name) => [name, jwk[name]]));
  return createHash('sha256').update(JSON.stringify(members)).digest('base64');
}

function keySetOf(key: KeyObject, kid: string, alg: string): string {
  return JSON.stringify({ keys: [{ ...publicJwk(key), kid, alg, use: 'sig' }] });
}

const curves: Readonly<Record<string, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

function checkAlgorithm(key: KeyObject, algorithm: string): void {
  const type = key.asymmetricKeyType;
  const fits =
    (/^[RP]S(256|384|512)$/.test(algorithm) && type === 'rsa') ||
    (algorithm in curves && key.asymmetricKeyDetails?.namedCurve === curves[algorithm]) ||
    (algorithm === 'EdDSA' && type === 'ed25519');
  if (!fits)
    throw fault(
      'invalid-config',
      `--jwt-signing-algorithm=${algorithm} does not fit a JWT signing key of type ${type}`,
    );
}
