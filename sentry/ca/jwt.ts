import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { JwtKey } from './jwt-key.ts';

export type JwtTimes = { now: Date; ttlMs: number; skewMs: number };

/** Signs a token that names the holder of an identity to the given audiences. */
export function issueJwt(
  claims: { subject: string; audiences: readonly string[]; issuer: string },
  times: JwtTimes,
  { key, keyId, algorithm }: JwtKey,
): Promise<string> {
  const seconds = (ms: number) => Math.floor((times.now.getTime() + ms) / 1000);
  const token = new SignJWT({ use: 'sig' })
    .setProtectedHeader({ alg: algorithm, kid: keyId, typ: 'JWT' })
    .setSubject(claims.subject)
    .setAudience([...claims.audiences])
    .setIssuedAt(seconds(0))
    .setNotBefore(seconds(-times.skewMs))
    .setExpirationTime(seconds(times.ttlMs))
    .setJti(randomBytes(16).toString('hex'));
  if (claims.issuer !== '') token.setIssuer(claims.issuer);
  return token.sign(key);
}
