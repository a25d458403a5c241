import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import { X509Certificate as SecondOpinion } from '@peculiar/x509';
import { describe, expect, it } from '#kit/testing/test.ts';
import { makeIssuer, makeRoot } from './authority.ts';
import { certificateFacts } from './certificate.ts';
import { makeCsr, readCsr } from './csr.ts';
import { issueLeaf, leafSigner } from './issue.ts';
import { generateKey, type KeyType } from './key.ts';
import { peerIdentity } from './peer.ts';

const hour = 3_600_000;
const now = new Date('2026-11-21T08:00:00Z');
const times = { now, ttlMs: 365 * 24 * hour, skewMs: hour / 4 };
const leafTimes = { now, ttlMs: 24 * hour, skewMs: hour / 4 };
const identity = { id: { trustDomain: 'public', namespace: 'default', appId: 'shop' } };

async function signerOf(type: KeyType) {
  const root = await makeRoot('cluster.local', times, type);
  const issuer = await makeIssuer(root, 'spiffe://cluster.local/ns/default/dapr-sentry', times, type);
  return { root, issuer, signer: leafSigner(issuer.certificate, issuer.key, issuer.certificate.validToDate) };
}

const csr = readCsr(makeCsr(await generateKey('ed25519')));

describe('issueLeaf', () => {
  it.each(['ed25519', 'p256', 'rsa'] as const)(
    'signs with an issuer of type %s a leaf that others verify',
    async (type) => {
      const { root, issuer, signer } = await signerOf(type);
      const { der } = issueLeaf(csr, identity, leafTimes, signer);
      const leaf = new X509Certificate(der);
      expect(leaf.checkIssued(issuer.certificate)).toBe(true);
      expect(leaf.verify(issuer.certificate.publicKey)).toBe(true);
      expect(issuer.certificate.checkIssued(root.certificate)).toBe(true);
      const other = new SecondOpinion(der);
      const publicKey = new SecondOpinion(issuer.certificate.raw).publicKey;
      expect(await other.verify({ publicKey, date: now })).toBe(true);
    },
  );

  it('writes the identity as the only URI name of an end entity for servers and clients', async () => {
    const { signer } = await signerOf('ed25519');
    const leaf = new X509Certificate(issueLeaf(csr, identity, leafTimes, signer).der);
    expect(leaf.subject).toBeUndefined();
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(certificateFacts(leaf)).toMatchObject({
      uris: ['spiffe://public/ns/default/shop'],
      dnsNames: [],
      isCa: false,
      certSign: false,
      crlSign: false,
    });
    expect(peerIdentity(leaf)).toEqual(identity.id);
    expect(leaf.serialNumber).toMatch(/^[0-9A-F]{1,32}$/);
  });

  it('writes DNS names and further extensions when asked', async () => {
    const { signer } = await signerOf('ed25519');
    const asked = {
      ...identity,
      dnsNames: ['dapr-webhook.ns.svc'],
      extensions: { '1.3.6.1.4.1.57683.100.1': Buffer.from('[]') },
    };
    const leaf = new SecondOpinion(issueLeaf(csr, asked, leafTimes, signer).der);
    const extension = leaf.getExtension('1.3.6.1.4.1.57683.100.1')!;
    expect([extension.critical, Buffer.from(extension.value).toString()]).toEqual([false, '\x04\x02[]']);
    expect(certificateFacts(new X509Certificate(Buffer.from(leaf.rawData))).dnsNames).toEqual(['dapr-webhook.ns.svc']);
  });

  it('is valid from now less the skew until the TTL', async () => {
    const { signer } = await signerOf('ed25519');
    const { der, notBefore, notAfter } = issueLeaf(csr, identity, leafTimes, signer);
    const leaf = new X509Certificate(der);
    expect([leaf.validFromDate, leaf.validToDate]).toEqual([notBefore, notAfter]);
    expect(notBefore.toISOString()).toBe('2026-11-21T07:45:00.000Z');
    expect(notAfter.toISOString()).toBe('2026-11-22T08:00:00.000Z');
  });

  it("never outlives its issuer, and is refused after the issuer's end", async () => {
    const { issuer, signer } = await signerOf('ed25519');
    const expiry = issuer.certificate.validToDate;
    const shortly = new Date(expiry.getTime() - hour);
    expect(issueLeaf(csr, identity, { ...leafTimes, now: shortly }, signer).notAfter).toEqual(expiry);
    expect(() => issueLeaf(csr, identity, { ...leafTimes, now: expiry }, signer)).toThrow('renew the trust bundle');
  });
});

describe('peerIdentity', () => {
  it('refuses certificates that are authorities or carry no single SPIFFE ID', async () => {
    const { issuer } = await signerOf('ed25519');
    expect(() => peerIdentity(issuer.certificate)).toThrow('has 0 URI names');
  });
});
