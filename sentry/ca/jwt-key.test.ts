import { generateKey, privateKeyPem } from '#kit/pki/key.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import type { JwtConfig } from '../config.ts';
import { keySetFor, makeJwtKey, readJwtKey } from './jwt-key.ts';

const config: JwtConfig = { issuer: '', algorithm: 'RS256', keyId: '', ttlMs: 1000 };
const made = await makeJwtKey();
const ec = privateKeyPem(await generateKey('p256'));

describe('JWT keys', () => {
  it('are named by their thumbprint in standard base64, in the set as in tokens', () => {
    const { keyId } = readJwtKey(made.jwtKey, made.jwks, config);
    expect(keyId).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(JSON.parse(made.jwks).keys[0].kid).toBe(keyId);
  });

  it('take a key ID that the set knows, and no other', () => {
    const mine = { ...config, keyId: 'mine' };
    const jwks = keySetFor(made.jwtKey, mine);
    expect(readJwtKey(made.jwtKey, jwks, mine).keyId).toBe('mine');
    expect(() => readJwtKey(made.jwtKey, made.jwks, mine)).toThrow('is not in it under key ID "mine"');
  });

  it('may be of other types that fit the algorithm', () => {
    const es256 = { ...config, algorithm: 'ES256' };
    expect(readJwtKey(ec, keySetFor(ec, es256), es256).algorithm).toBe('ES256');
    expect(() => readJwtKey(ec, keySetFor(ec, config), config)).toThrow('--jwt-signing-algorithm=RS256 does not fit');
  });

  it('are not taken from a set that holds them for encryption', () => {
    const encrypting = made.jwks.replace('"use":"sig"', '"use":"enc"');
    expect(() => readJwtKey(made.jwtKey, encrypting, config)).toThrow('no key in it is the public key');
  });
});
