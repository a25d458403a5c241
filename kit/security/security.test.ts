import { X509Certificate } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { readCsr } from '#kit/pki/csr.ts';
import { issueLeaf, leafSigner } from '#kit/pki/issue.ts';
import { writePem } from '#kit/pki/pem.ts';
import { fakeClock } from '#kit/testing/fake-clock.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { startSecurity } from './security.ts';
import type { SvidSource } from './svid.ts';
import { openTrustAnchors, type TrustAnchors } from './trust-anchors.ts';

const hour = 3_600_000;
const now = new Date('2026-11-21T08:00:00Z');
const id = { trustDomain: 'public', namespace: 'default', appId: 'shop' };

/** An authority in memory: signs for `id`, counts requests, fails when told to, issues a token per audience. */
async function authority() {
  const times = { now, ttlMs: 8760 * hour, skewMs: 0 };
  const root = await makeRoot('cluster.local', times);
  const issuer = await makeIssuer(root, 'issuer', times);
  const signer = leafSigner(issuer.certificate, issuer.key, issuer.certificate.validToDate);
  const state = {
    requests: 0,
    failing: false,
    at: now,
    ttlMs: 24 * hour,
    skewMs: 0,
    anchorsPem: undefined as string | undefined,
  };
  const source: SvidSource = ({ csrPem, jwtAudiences }) => {
    state.requests++;
    if (state.failing) return Promise.reject(new Error('sentry is away'));
    const leaf = issueLeaf(
      readCsr(csrPem),
      { id },
      { now: state.at, ttlMs: state.ttlMs, skewMs: state.skewMs },
      signer,
    );
    return Promise.resolve({
      chainPem: writePem('CERTIFICATE', leaf.der) + certificatesPem([issuer.certificate]),
      anchorsPem: state.anchorsPem,
      jwtByAudience: new Map(jwtAudiences.map((audience) => [audience, `token for ${audience}`])),
    });
  };
  return { rootPem: certificatesPem([root.certificate]), state, source };
}

let abort: AbortController;
beforeEach(() => {
  abort = new AbortController();
});
afterEach(() => abort.abort());

async function started({ anchors, ...life }: { anchors?: TrustAnchors; ttlMs?: number; skewMs?: number } = {}) {
  let told = (_message: string) => {};
  const nextError = () =>
    new Promise<string>((resolve) => {
      told = resolve;
    });
  const ca = await authority();
  Object.assign(ca.state, life);
  const clock = fakeClock(now.getTime());
  const targets = healthTargets();
  const security = await startSecurity({
    anchors: anchors ?? (await openTrustAnchors({ pem: ca.rootPem }, { log: silentLogger, signal: abort.signal })),
    source: ca.source,
    log: { ...silentLogger, error: (message) => told(message) },
    signal: abort.signal,
    targets,
    clock,
  });
  return { ca, clock, targets, security, nextError };
}

const rotation = (security: { onRotate(listener: () => void): void }) =>
  new Promise<void>((resolve) => security.onRotate(resolve));

describe('startSecurity', () => {
  it('has an identity, then is ready', async () => {
    const { security, targets } = await started();
    expect(security.current().id).toEqual(id);
    expect(targets.ready()).toBe(true);
  });

  it('gives up at once where the authority refuses what it is asked for', async () => {
    const ca = await authority();
    const refusal = new StatusError(grpcCode.INVALID_ARGUMENT, 'app ID "a+b" may not stand in a SPIFFE ID');
    const refused = startSecurity({
      anchors: await openTrustAnchors({ pem: ca.rootPem }, { log: silentLogger, signal: abort.signal }),
      source: () => Promise.reject(refusal),
      log: silentLogger,
      signal: abort.signal,
      targets: healthTargets(),
      clock: fakeClock(now.getTime()),
    });
    await expect(refused).rejects.toThrow('sentry refuses the initial identity: app ID "a+b" may not stand');
  });

  it('renews at half life, and connections opened afterwards take the new certificate', async () => {
    const { security, clock } = await started();
    const tls = security.clientTls({ namespace: 'default', appId: 'other' });
    const before = tls.material();
    expect(tls.material()).toBe(before);
    await clock.advance(12 * hour - 1);
    expect(tls.material()).toBe(before);
    const rotated = rotation(security);
    await clock.advance(1);
    await rotated;
    expect(tls.material().cert).not.toBe(before.cert);
    expect(tls.material().key).not.toBe(before.key);
  });

  it('counts half its life from when it was issued, however far back its beginning is dated', async () => {
    const { security, ca, clock } = await started({ ttlMs: 60_000, skewMs: hour / 4 });
    await clock.advance(29_999);
    expect(ca.state.requests).toBe(1);
    const rotated = rotation(security);
    await clock.advance(1);
    await rotated;
    expect(ca.state.requests).toBe(2);
  });

  it('tries again ten seconds after a failure and keeps what it has', async () => {
    const { security, ca, clock, nextError } = await started();
    const before = security.current();
    ca.state.failing = true;
    const failed = nextError();
    await clock.advance(12 * hour);
    expect(await failed).toContain('trying again in 10s: sentry is away');
    expect(security.current()).toBe(before);
    ca.state.failing = false;
    await clock.advance(9_000);
    expect(security.current()).toBe(before);
    const rotated = rotation(security);
    await clock.advance(1_000);
    await rotated;
    expect(security.current()).not.toBe(before);
  });

  it('fetches the JWT of a new audience once and keeps it', async () => {
    const { security, ca } = await started();
    expect(await security.jwt('vault')).toBe('token for vault');
    expect(await security.jwt('vault')).toBe('token for vault');
    expect(ca.state.requests).toBe(2);
  });

  it('checks the peer it expects, in any trust domain unless one is named', async () => {
    const { security } = await started();
    const leaf = new X509Certificate(security.current().chainPem);
    security.clientTls({ namespace: 'default', appId: 'shop' }).verify!(leaf);
    expect(() => security.clientTls({ namespace: 'default', appId: 'till' }).verify!(leaf)).toThrow(
      'unexpected peer spiffe://public/ns/default/shop, expected spiffe://*/ns/default/till',
    );
    expect(() => security.clientTls({ ...id, trustDomain: 'other' }).verify!(leaf)).toThrow('unexpected peer');
    expect(() => security.serverTls((peer) => peer.appId === 'till').verify!(leaf)).toThrow('is not allowed here');
  });
});

describe('trust anchors in a file', () => {
  it('are read again when the file is replaced; a bad file leaves the last ones', async () => {
    const [first, second] = [await authority(), await authority()];
    const folder = await mkdtemp(path.join(tmpdir(), 'anchors-'));
    try {
      const file = path.join(folder, 'ca.crt');
      const replace = async (text: string) => {
        await writeFile(path.join(folder, 'next'), text);
        await rename(path.join(folder, 'next'), file);
      };
      await replace(first.rootPem);
      const warned = Promise.withResolvers<string>();
      const log = { ...silentLogger, warn: warned.resolve };
      const anchors = await openTrustAnchors({ file }, { log, signal: abort.signal });
      expect(anchors.pem()).toBe(first.rootPem);
      const changed = new Promise<void>((resolve) => anchors.onChange(resolve));
      await replace(first.rootPem + second.rootPem);
      await changed;
      expect(anchors.pem()).toBe(first.rootPem + second.rootPem);
      await replace('nonsense');
      expect(await warned.promise).toContain('cannot be used, keeping the last ones');
      expect(anchors.pem()).toBe(first.rootPem + second.rootPem);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are refused at first when they are not self-signed certificates', async () => {
    const open = openTrustAnchors({ pem: 'nonsense' }, { log: silentLogger, signal: abort.signal });
    await expect(open).rejects.toThrow('trust anchors: no certificate in it');
  });

  it('are taken from the authority where they came as text, when a certificate is renewed', async () => {
    const { security, ca, clock } = await started();
    const next = await authority();
    ca.state.anchorsPem = ca.rootPem + next.rootPem;
    const rotated = rotation(security);
    await clock.advance(12 * hour);
    await rotated;
    expect(security.trustAnchors()).toBe(ca.rootPem + next.rootPem);
    expect(security.serverTls().material().ca).toBe(ca.rootPem + next.rootPem);
    ca.state.anchorsPem = 'nonsense';
    await security.renew();
    expect(security.trustAnchors()).toBe(ca.rootPem + next.rootPem);
  });

  it('that no longer cover the identity make it renew at once', async () => {
    let changed = () => {};
    const [own, next] = [await authority(), await authority()];
    let pem = own.rootPem;
    const { security, ca } = await started({
      anchors: { pem: () => pem, onChange: (listener) => (changed = listener) },
    });
    pem = next.rootPem;
    const requests = ca.state.requests;
    changed();
    expect(ca.state.requests).toBe(requests);
    const rotated = rotation(security);
    await rotated;
    expect(ca.state.requests).toBe(requests + 1);
    expect(security.serverTls().material().ca).toBe(next.rootPem);
  });
});
