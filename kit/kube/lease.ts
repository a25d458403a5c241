import { Fault, toFault } from '#kit/errors/fault.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { KubeClient } from './client.ts';
import type { KubeObject } from './object.ts';
import { resources } from './resource.ts';

export type LeaseOptions = {
  client: Pick<KubeClient, 'get' | 'create' | 'update'>;
  namespace: string;
  name: string;
  /** Who asks: different for each replica. */
  identity: string;
  log: Logger;
  signal: AbortSignal;
  clock?: Clock;
  timing?: Partial<LeaseTiming>;
};

/** All in milliseconds; the defaults are client-go's. */
export type LeaseTiming = {
  /** How long a holder that fell silent is respected. */
  holdMs: number;
  /** A holder that could not renew for so long stops leading: less than holdMs, so that two never lead at once. */
  renewMs: number;
  /** Pause between tries to take or renew. */
  retryMs: number;
};

type LeaseSpec = {
  holderIdentity?: string | undefined;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
};

type Lease = KubeObject & { spec?: LeaseSpec };

const defaults: LeaseTiming = { holdMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/**
 * Runs `lead` whenever this process holds the Lease, until the signal fires. The signal given to `lead` fires when the
 * Lease is lost or all ends; the Lease is given up only after `lead` is done, so a successor starts at once and never
 * overlaps. Other clocks are not trusted: a foreign Lease has lapsed when it did not change for its length as seen here.
 */
export async function withLease(options: LeaseOptions, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const election = { ...options, clock: options.clock ?? systemClock, timing: { ...defaults, ...options.timing } };
  while (!options.signal.aborted) {
    const held = await acquire(election);
    if (!held) return;
    options.log.info(`Holding the lease ${options.namespace}/${options.name} as ${options.identity}`);
    await leadWhileHeld(election, held, lead);
  }
}

type Election = LeaseOptions & { clock: Clock; timing: LeaseTiming };

/** Resolves with the Lease once it is ours, or with nothing when the signal fires first. */
async function acquire(election: Election): Promise<Lease | undefined> {
  const { clock, timing, signal, log } = election;
  const seen = { version: '', at: 0 };
  while (!signal.aborted) {
    try {
      const lease = await read(election);
      const version = JSON.stringify(lease?.spec ?? null);
      if (version !== seen.version) Object.assign(seen, { version, at: clock.now() });
      if (isFree(election, lease, seen.at)) return await write(election, lease);
    } catch (thrown) {
      if (!isRace(thrown)) log.warn(`Cannot take the lease ${election.name}: ${toFault(thrown).message}`);
    }
    await clock.pause(timing.retryMs, signal);
  }
  return undefined;
}

function isFree({ clock, timing, identity }: Election, lease: Lease | undefined, unchangedSince: number): boolean {
  const holder = lease?.spec?.holderIdentity;
  if (!holder || holder === identity) return true;
  const holdMs = (lease?.spec?.leaseDurationSeconds ?? timing.holdMs / 1_000) * 1_000;
  return clock.now() - unchangedSince >= holdMs;
}

const isRace = (thrown: unknown): boolean =>
  thrown instanceof Fault && (thrown.key === 'conflict' || thrown.key === 'already-exists');

function read({ client, namespace, name, signal }: Election): Promise<Lease | undefined> {
  return client.get<Lease>(resources.leases, { namespace, name }, signal).catch((thrown) => {
    if (thrown instanceof Fault && thrown.key === 'not-found') return undefined;
    throw thrown;
  });
}

/** Takes or renews: the API server refuses when somebody wrote since `previous` was read. */
function write(
  { client, clock, timing, namespace, name, identity }: Election,
  previous: Lease | undefined,
): Promise<Lease> {
  const now = `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`;
  const renewing = previous?.spec?.holderIdentity === identity;
  const transitions = previous?.spec?.leaseTransitions ?? 0;
  const spec: LeaseSpec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.round(timing.holdMs / 1_000)),
    acquireTime: renewing ? (previous?.spec?.acquireTime ?? now) : now,
    renewTime: now,
    leaseTransitions: previous && !renewing ? transitions + 1 : transitions,
  };
  if (!previous) return client.create<Lease>(resources.leases, { metadata: { namespace, name }, spec });
  return client.update<Lease>(resources.leases, { ...previous, spec });
}

async function leadWhileHeld(
  election: Election,
  first: Lease,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const lost = new AbortController();
  const leading = AbortSignal.any([election.signal, lost.signal]);
  const renewing = renew(election, first, leading).finally(() => lost.abort());
  try {
    await lead(leading);
  } finally {
    lost.abort();
    const last = await renewing;
    if (last) await release(election, last);
  }
}

/** Renews until told to stop (answers the Lease to release) or until it is lost (answers nothing). */
async function renew(election: Election, first: Lease, stop: AbortSignal): Promise<Lease | undefined> {
  const { clock, timing, log, name } = election;
  let lease = first;
  let renewedAt = clock.now();
  for (;;) {
    await clock.pause(timing.retryMs, stop);
    if (stop.aborted) return lease;
    try {
      lease = await write(election, lease);
      renewedAt = clock.now();
    } catch (thrown) {
      const late = clock.now() - renewedAt >= timing.renewMs;
      const current = isRace(thrown) ? await read(election).catch(() => undefined) : undefined;
      if (current?.spec?.holderIdentity === election.identity) lease = current;
      else if (late || current) {
        log.error(
          `Lost the lease ${name}: ${current ? `${current.spec?.holderIdentity} holds it` : toFault(thrown).message}`,
        );
        return undefined;
      }
    }
  }
}

async function release({ client, log, name }: Election, lease: Lease): Promise<void> {
  try {
    await client.update(resources.leases, {
      ...lease,
      spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 },
    });
    log.info(`Released the lease ${name}`);
  } catch (thrown) {
    log.debug(`Could not release the lease ${name}: ${toFault(thrown).message}`);
  }
}
