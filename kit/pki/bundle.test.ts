import { describe, expect, it } from '#kit/testing/test.ts';
import { makeIssuer, makeRoot } from './authority.ts';
import { readIssuerBundle } from './bundle.ts';
import { certificatesPem } from './certificate.ts';
import { privateKeyPem } from './key.ts';

const day = 86_400_000;
const now = new Date();
const times = { now, ttlMs: 365 * day, skewMs: 0 };
const root = await makeRoot('cluster.local', times);
const otherRoot = await makeRoot('elsewhere', times);
const issuer = await makeIssuer(root, 'issuer', { ...times, ttlMs: 30 * day });
const good = {
  anchors: certificatesPem([root.certificate]),
  chain: certificatesPem([issuer.certificate]),
  key: privateKeyPem(issuer.key),
};

describe('readIssuerBundle', () => {
  it('accepts an issuer below one of several anchors', () => {
    const bundle = readIssuerBundle({ ...good, anchors: certificatesPem([otherRoot.certificate, root.certificate]) });
    expect(bundle.anchors).toHaveLength(2);
    expect(bundle.chainPem).toBe(good.chain);
    expect(bundle.expiry).toEqual(issuer.certificate.validToDate);
  });

  it('leaves out a root at the end of the chain and text between the blocks', () => {
    const chain = `# issuer\n${good.chain}\n# root\n${good.anchors}`;
    expect(readIssuerBundle({ ...good, chain }).chainPem).toBe(good.chain);
  });

  it.each([
    ['anchors that are not self-signed', { anchors: good.chain }, 'trust anchors: certificate 1 is not self-signed'],
    ['empty anchors', { anchors: 'nothing' }, 'trust anchors: no certificate in it'],
    ['foreign anchors', { anchors: certificatesPem([otherRoot.certificate]) }, 'does not lead to any'],
    ['another key', { key: privateKeyPem(otherRoot.key) }, 'issuer key: it does not belong'],
    ['a broken key', { key: 'x' }, 'issuer key: not a private key'],
    ['a key among the certificates', { chain: good.chain + good.key }, 'issuer chain: PEM block 2 is PRIVATE KEY'],
  ])('refuses %s, naming the item', (_name, part, reason) => {
    expect(() => readIssuerBundle({ ...good, ...part })).toThrow(reason);
  });
});
