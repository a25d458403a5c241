import { toFault } from '#kit/errors/fault.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Svid } from './svid.ts';

export type Clock = { now(): number; after(ms: number, then: () => void): { [Symbol.dispose](): void } };

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

const retryMs = 10_000;
/** Timers of Node count 31 bits; a longer wait is taken in steps. */
const longestWaitMs = 2 ** 31 - 1;

/** When to renew, in epoch milliseconds: halfway through the certificate, or through its JWT if that ends sooner. */
export function renewAt(svid: Pick<Svid, 'notBefore' | 'notAfter' | 'jwt'>): number {
  const ends = [svid.notAfter.getTime(), jwtExpiry(svid.jwt)].filter((end) => end !== undefined);
  const from = svid.notBefore.getTime();
  return from + (Math.min(...ends) - from) / 2;
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
  { clock, log, signal }: { clock: Clock; log: Logger; signal: AbortSignal },
): Renewal {
  let pending: Promise<Svid> | undefined;
  let timer: Disposable | undefined;
  const plan = (at: number): void => {
    timer?.[Symbol.dispose]();
    if (signal.aborted) return;
    const wait = Math.max(0, at - clock.now());
    timer = wait > longestWaitMs ? clock.after(longestWaitMs, () => plan(at)) : clock.after(wait, () => void attempt());
  };
  const renew = (): Promise<Svid> => {
    pending ??= obtain()
      .then((svid) => {
        install(svid);
        log.info(`Renewed the identity certificate, valid until ${svid.notAfter.toISOString()}`);
        plan(renewAt(svid));
        return svid;
      })
      .finally(() => {
        pending = undefined;
      });
    return pending;
  };
  const attempt = async (): Promise<void> => {
    try {
      await renew();
    } catch (thrown) {
      if (signal.aborted) return;
      log.error(`Renewing the identity certificate failed, trying again in 10s: ${toFault(thrown).message}`);
      plan(clock.now() + retryMs);
    }
  };
  signal.addEventListener('abort', () => timer?.[Symbol.dispose](), { once: true });
  plan(renewAt(first));
  return { renew };
}
