import { connect } from '#kit/grpc/client.ts';
import { createGrpcServer } from '#kit/grpc/server.ts';
import { implement } from '#kit/grpc/service.ts';
import { healthTargets } from '#kit/health/targets.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { type Authority, makeIssuer, makeRoot } from '#kit/pki/authority.ts';
import { certificatesPem } from '#kit/pki/certificate.ts';
import { readCsr } from '#kit/pki/csr.ts';
import { issueLeaf, leafSigner } from '#kit/pki/issue.ts';
import { writePem } from '#kit/pki/pem.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import { TestService } from '#proto/grpc/testing/test_pb.js';
import { type Security, startSecurity } from './security.ts';

const times = { now: new Date(), ttlMs: 86_400_000, skewMs: 60_000 };

/** What sentry does in a rotation, seen from workloads: anchors that are distributed, an issuer that signs. */
async function authorities() {
  const roots = await Promise.all([makeRoot('old', times), makeRoot('new', times)]);
  const issuers = await Promise.all(roots.map((root) => makeIssuer(root, 'issuer', times)));
  const pem = (...trusted: Authority[]) => certificatesPem(trusted.map((root) => root.certificate));
  const listeners = new Set<() => void>();
  const state = { anchors: pem(roots[0]!), issuer: issuers[0]! };
  const start = (appId: string, signal: AbortSignal): Promise<Security> =>
    startSecurity({
      anchors: { pem: () => state.anchors, onChange: (listener) => void listeners.add(listener) },
      source: async ({ csrPem }) => {
        const { certificate, key } = state.issuer;
        const signer = leafSigner(certificate, key, certificate.validToDate);
        const id = { trustDomain: 'public', namespace: 'default', appId };
        const leaf = issueLeaf(readCsr(csrPem), { id }, times, signer);
        return { chainPem: writePem('CERTIFICATE', leaf.der) + certificatesPem([certificate]) };
      },
      log: silentLogger,
      signal,
      targets: healthTargets(),
    });
  const trust = (anchors: string) => {
    state.anchors = anchors;
    for (const listener of listeners) listener();
  };
  return { start, trust, state, issuers, old: pem(roots[0]!), fresh: pem(roots[1]!) };
}

let abort: AbortController;
beforeEach(() => {
  abort = new AbortController();
});
afterEach(() => abort.abort());

const ping = TestService.method.emptyCall;

/** Two workloads that speak mTLS to each other. */
async function pair() {
  const ca = await authorities();
  const [server, client] = await Promise.all([ca.start('till', abort.signal), ca.start('shop', abort.signal)]);
  const serving = await createGrpcServer({
    services: [implement(TestService, { emptyCall: () => ({}) })],
    log: silentLogger,
    tls: server.serverTls((peer) => peer.appId === 'shop'),
  });
  const port = await serving.listen('127.0.0.1', 0);
  const open = (from = client, appId = 'till') =>
    connect({ target: `127.0.0.1:${port}`, tls: from.clientTls({ namespace: 'default', appId }) });
  return { ca, server, client, serving: Object.assign(serving, { port }), open };
}

/** Calls without a pause until stopped, two callers on kept connections and two on a new one each. */
function load(open: () => ReturnType<typeof connect>) {
  const state = { stopped: false, fresh: 0, wake: () => {} };
  const kept = async (): Promise<void> => {
    await using client = open();
    while (!state.stopped) await client.unary(ping, {});
  };
  const fresh = async (): Promise<void> => {
    while (!state.stopped) {
      await using client = open();
      await client.unary(ping, {});
      state.fresh++;
      state.wake();
    }
  };
  const all = Promise.all([kept(), kept(), fresh(), fresh()]);
  return {
    /** Resolves when connections begun from now on have served calls; rejects when any call failed. */
    async passes(): Promise<void> {
      const until = state.fresh + 6;
      const passed = new Promise<void>((resolve) => {
        state.wake = () => state.fresh >= until && resolve();
      });
      await Promise.race([passed, all]);
    },
    async stop(): Promise<void> {
      state.stopped = true;
      await all;
    },
  };
}

describe('mutual TLS between workloads', () => {
  it('survives renewal and a root rotation under load without a failed call', async () => {
    const { ca, server, client, serving, open } = await pair();
    await using _ = serving;
    const calls = load(open);
    await calls.passes();
    await Promise.all([server.renew(), client.renew()]);
    await calls.passes();
    ca.trust(ca.old + ca.fresh);
    await calls.passes();
    ca.state.issuer = ca.issuers[1]!;
    await client.renew();
    await calls.passes();
    await server.renew();
    await calls.passes();
    ca.trust(ca.fresh);
    await calls.passes();
    await calls.stop();
    expect(server.current().chain[1]!.raw).toEqual(ca.issuers[1]!.certificate.raw);
  });

  it('refuses a peer which is not the one expected, on either side', async () => {
    const { ca, serving, open } = await pair();
    await using _ = serving;
    await using toBank = open(undefined, 'bank');
    await expect(toBank.unary(ping, {}, { timeoutMs: 30_000 })).rejects.toThrow('unexpected peer');
    await using fromStranger = open(await ca.start('stranger', abort.signal));
    await expect(fromStranger.unary(ping, {}, { timeoutMs: 30_000 })).rejects.toThrow();
  });

  it('refuses a peer whose root was retired, even when it trusts the new one', async () => {
    const { ca, client, server, serving, open } = await pair();
    await using _ = serving;
    const { cert, key } = client.clientTls({ namespace: 'default', appId: 'till' }).material();
    ca.state.issuer = ca.issuers[1]!;
    ca.trust(ca.fresh);
    await Promise.all([server.renew(), client.renew()]);
    const late = { cert: cert!, key: key!, ca: ca.fresh };
    const tls = { ...client.clientTls({ namespace: 'default', appId: 'till' }), material: () => late };
    await using left = connect({ target: `127.0.0.1:${serving.port}`, tls });
    await expect(left.unary(ping, {}, { timeoutMs: 30_000 })).rejects.toThrow();
    await using renewed = open();
    expect(await renewed.unary(ping, {})).toBeDefined();
  });
});
