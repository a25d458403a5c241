import { create } from '@bufbuild/protobuf';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from '#kit/testing/test.ts';
import { SignCertificateRequestSchema } from '#proto/dapr/proto/sentry/v1/sentry_pb.js';
import { jwksAttestor } from './jwks.ts';

const sentryId = 'spiffe://localhost/ns/default/dapr-sentry';
const now = new Date('2026-11-21T08:00:00Z');
const seconds = now.getTime() / 1000;
const pair = await generateKeyPair('EdDSA', { extractable: true });
const other = await generateKeyPair('RS256');
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'mine' }] });
const attest = jwksAttestor({ keys, sentryId, now: () => now });
const good = { aud: [sentryId], sub: 'spiffe://public/ns/default/shop', iat: seconds, exp: seconds + 60 };
const { signal } = new AbortController();

const sign = (claims: object, key = pair.privateKey, alg = 'EdDSA') =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg, kid: 'mine' }).sign(key);

const attested = (token: string) =>
  attest(
    create(SignCertificateRequestSchema, {
      id: 'shop',
      namespace: 'default',
      token,
      certificateSigningRequest: Buffer.from('csr'),
    }),
    signal,
  );

describe('the JWKS attestor', () => {
  it('attests the subject of a token meant for sentry', async () => {
    expect(await attested(await sign(good))).toEqual({ trustDomain: 'public' });
  });

  it.each([
    ['audience', { ...good, aud: ['somebody'] }, '"aud"'],
    ['subject', { ...good, sub: 'spiffe://public/ns/default/till' }, '"sub"'],
    ['expiry', { ...good, exp: seconds - 3600 }, '"exp"'],
    ['start', { ...good, nbf: seconds + 3600 }, '"nbf"'],
  ])('refuses a token whose %s does not fit, naming the claim', async (_name, claims, claim) => {
    const refused = attested(await sign(claims));
    await expect(refused).rejects.toMatchObject({ key: 'permission-denied' });
    await expect(refused).rejects.toThrow(/^token validation failed: /);
    await expect(refused).rejects.toThrow(claim);
  });

  it('refuses a token signed by another key, and no token', async () => {
    await expect(attested(await sign(good, other.privateKey, 'RS256'))).rejects.toThrow('could not verify message');
    await expect(attested('')).rejects.toThrow('does not contain a token');
  });
});
