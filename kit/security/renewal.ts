import { toFault } from '#kit/errors/fault.ts';
import type { Clock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Svid } from './svid.ts';

const retryMs = 10_000;

/** However short a life is, so much lies between two renewals. */
const shortestMs = 200;

/**
 * When to renew, in epoch milliseconds: halfway from when it was obtained to the end of the certificate, or of its JWT
 * if that ends sooner. The certificate's own beginning does not count: it lies an allowed clock skew in the past.
 */
function renewAt(svid: Pick<Svid, 'notBefore' | 'notAfter' | 'jwt'>, obtainedAt: number): number {
  const ends = [svid.notAfter.getTime(), jwtExpiry(svid.jwt)].filter((end) => end !== undefined);
  const from = Math.max(obtainedAt, svid.notBefore.getTime());
  return from + Math.max((Math.min(...ends) - from) / 2, shortestMs);
}

function jwtExpiry(jwt: string | undefined): number | undefined {
  if (jwt === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { exp?: number };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

export type Renewal = {
  /** Renews now; calls while one is under way share it. */
  renew(): Promise<Svid>;
};

/**
 * Keeps an identity renewed at half its life until the signal fires; a failure is logged and tried again after 10 s.
 * `obtain` gets a new one, `install` puts it in place.
 */
export function keepRenewed(
  first: Svid,
  obtain: () => Promise<Svid>,
  install: (svid: Svid) => void,
  { clock, log, signal, failed }: { clock: Clock; log: Logger; signal: AbortSignal; failed?: () => void },
): Renewal {
  let pending: Promise<Svid> | undefined;
  let current = first;
  let obtainedAt = clock.now();
  let wake = new AbortController();
  const renew = (): Promise<Svid> => {
    pending ??= obtain()
      .then((svid) => {
        current = svid;
        obtainedAt = clock.now();
        install(svid);
        wake.abort();
        log.info(`Renewed the identity certificate, valid until ${svid.notAfter.toISOString()}`);
        return svid;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      wake = new AbortController();
      const wait = renewAt(current, obtainedAt) - clock.now();
      if (wait > 0) {
        await clock.pause(wait, AbortSignal.any([signal, wake.signal]));
        continue;
      }
      try {
        await renew();
      } catch (thrown) {
        if (signal.aborted) return;
        failed?.();
        log.error(`Renewing the identity certificate failed, trying again in 10s: ${toFault(thrown).message}`);
        await clock.pause(retryMs, signal);
      }
    }
  };
  void keep();
  return { renew };
}
