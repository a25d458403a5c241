import { fault, toFault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { ClientTls, ServerTls, TlsMaterial } from '#kit/grpc/tls.ts';
import type { HealthTargets } from '#kit/health/targets.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { isSelfSigned } from '#kit/pki/bundle.ts';
import { readCertificates } from '#kit/pki/certificate.ts';
import type { KeyType } from '#kit/pki/key.ts';
import type { SpiffeId } from '#kit/pki/spiffe.ts';
import { allowPeer, expectPeer, type PeerExpectation } from './expect.ts';
import { obtainSvid } from './obtain.ts';
import { keepRenewed } from './renewal.ts';
import type { Svid, SvidSource } from './svid.ts';
import type { TrustAnchors } from './trust-anchors.ts';

export type SecurityOptions = {
  /** From `openTrustAnchors`. */
  anchors: TrustAnchors;
  /** From `sentrySource`. */
  source: SvidSource;
  /** Ed25519, as of all of Dapr's, unless an API server reads the certificate: webhooks take RSA. */
  keyType?: KeyType;
  /** Audiences to have JWTs for from the start. */
  jwtAudiences?: readonly string[];
  log: Logger;
  signal: AbortSignal;
  /** Gets the target `security-provider`. */
  targets: HealthTargets;
  clock?: Clock;
};

/** This workload's identity, renewed for as long as its signal does not fire, and TLS made of it. */
export type Security = {
  current(): Svid;
  /** PEM of the current trust anchors. */
  trustAnchors(): string;
  /** Obtains a new identity now, for when the authority itself changed. */
  renew(): Promise<void>;
  /** Called after a new certificate or new anchors are in place. */
  onRotate(listener: () => void): void;
  /** Called when a renewal has failed; it is tried again. */
  onRenewalFailure(listener: () => void): void;
  /** Mutual TLS: any identity that chains to the anchors, or those `peer` allows. */
  serverTls(peer?: (id: SpiffeId) => boolean): ServerTls;
  /** TLS that asks callers for no certificate: webhooks, sentry. */
  openServerTls(): ServerTls;
  /** Mutual TLS to exactly that peer, whatever name or address was dialled. */
  clientTls(expected: PeerExpectation): ClientTls;
  /** This workload's JWT for one audience, fetched from sentry if it is new. Throws `unavailable` when none is issued. */
  jwt(audience: string): Promise<string>;
};

const firstAttemptsMs = 60_000;
const firstRetryMs = 1_000;
const deniedForMs = 5_000;

/**
 * Obtains the first identity (trying for a minute, then throwing the last failure) and keeps it renewed. Connections
 * take the material of the moment they open, so rotation never touches a call under way.
 */
export async function startSecurity(options: SecurityOptions): Promise<Security> {
  const { anchors, source, log, signal, targets, keyType = 'ed25519', clock = systemClock } = options;
  const ready = targets.add('security-provider');
  const audiences = new Set(options.jwtAudiences);
  const listeners = new Set<() => void>();
  const obtain = () => obtainSvid(source, keyType, [...audiences], signal);
  const adopt = ({ anchorsPem }: Svid) => {
    if (anchorsPem === undefined || anchors.adopt === undefined) return;
    try {
      anchors.adopt(anchorsPem);
    } catch (thrown) {
      log.warn(`The authority's trust anchors cannot be used, keeping the last ones: ${toFault(thrown).message}`);
    }
  };
  let svid = await firstSvid(obtain, { clock, log, signal });
  let material = materialOf(svid, anchors);
  const rotated = () => {
    material = materialOf(svid, anchors);
    for (const listener of listeners) listener();
  };
  const install = (next: Svid) => {
    svid = next;
    adopt(next);
    rotated();
  };
  const failures = new Set<() => void>();
  const failed = () => failures.forEach((listener) => void listener());
  const renewal = keepRenewed(svid, obtain, install, { clock, log, signal, failed });
  adopt(svid);
  anchors.onChange(() => {
    rotated();
    if (leadsTo(svid, anchors.pem())) return;
    log.warn('The identity certificate does not lead to the new trust anchors; renewing it');
    renewal.renew().catch((thrown) => log.error(`Renewing for new trust anchors failed: ${toFault(thrown).message}`));
  });
  signal.addEventListener('abort', () => ready.notReady(), { once: true });
  ready.ready();
  return {
    current: () => svid,
    trustAnchors: () => anchors.pem(),
    renew: async () => void (await renewal.renew()),
    onRotate: (listener) => void listeners.add(listener),
    onRenewalFailure: (listener) => void failures.add(listener),
    serverTls: (peer = () => true) => ({ material: () => material, mutual: true, verify: allowPeer(peer) }),
    openServerTls: () => ({ material: () => material }),
    clientTls: (expected) => ({ material: () => material, verify: expectPeer(expected) }),
    jwt: async (audience) => {
      if (!svid.jwtByAudience.has(audience)) {
        audiences.add(audience);
        await renewal.renew();
      }
      const token = svid.jwtByAudience.get(audience);
      if (token !== undefined) return token;
      throw fault('unavailable', `sentry issued no JWT for audience "${audience}": is it started with --jwt-enabled?`);
    },
  };
}

const materialOf = (svid: Svid, anchors: TrustAnchors): TlsMaterial => ({
  cert: svid.chainPem,
  key: svid.keyPem,
  ca: anchors.pem(),
});

/** Whether the end of the identity's chain is signed by one of the anchors. */
function leadsTo(svid: Svid, anchorsPem: string): boolean {
  const last = svid.chain.at(-1)!;
  return readCertificates(anchorsPem).some(
    (anchor) =>
      (last.checkIssued(anchor) && last.verify(anchor.publicKey)) ||
      (isSelfSigned(last) && last.raw.equals(anchor.raw)),
  );
}

async function firstSvid(
  obtain: () => Promise<Svid>,
  { clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal },
): Promise<Svid> {
  const began = clock.now();
  for (;;) {
    try {
      return await obtain();
    } catch (thrown) {
      const problem = toFault(thrown);
      if (isRefusal(thrown, clock.now() - began))
        throw fault('permission-denied', `sentry refuses the initial identity: ${problem.message}`, { cause: thrown });
      if (signal.aborted || clock.now() - began > firstAttemptsMs)
        throw fault('unavailable', `no identity certificate from sentry: ${problem.message}`, { cause: thrown });
      log.warn(`No identity certificate from sentry yet, trying again: ${problem.message}`);
      await clock.pause(firstRetryMs, signal);
    }
  }
}

/**
 * Sentry will not sign, and asking again changes nothing: it has read the request and found it wrong. A denial counts
 * after a while only: a control plane that has just been installed may not yet be allowed to check tokens.
 */
function isRefusal(thrown: unknown, waitedMs: number): boolean {
  if (!(thrown instanceof StatusError)) return false;
  return (
    thrown.code === grpcCode.INVALID_ARGUMENT || (thrown.code === grpcCode.PERMISSION_DENIED && waitedMs > deniedForMs)
  );
}
