import type { NameResolver } from '#contracts/names.ts';
import { fault } from '#kit/errors/fault.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { detectOutliers, type Outliers } from '#kit/grpc/outliers.ts';
import { StatusError } from '#kit/grpc/status.ts';
import type { ClientTls } from '#kit/grpc/tls.ts';
import { openPeer, type Peer } from './peer.ts';
import type { RemoteApp } from './router.ts';

export type PeersOptions = {
  names: NameResolver | undefined;
  /** Port for calls between sidecars, where the resolver knows names only. */
  port: number;
  /** TLS towards the sidecar of an app; undefined without mTLS. */
  tls: ((remote: RemoteApp) => ClientTls) | undefined;
  maxReceiveBytes: number;
  now(): number;
};

/** Connections to other sidecars: one per address, kept while it is used. */
export type Peers = AsyncDisposable & {
  /** A sidecar of the app; several take turns, less those that could not be reached of late. Rejects with `app-not-found`, or `invoke-not-ready` without names. */
  connect(remote: RemoteApp): Promise<Peer>;
};

const idleMs = 5 * 60_000;
/** A sidecar that cannot be reached is gone or about to go: one call tells. */
const ejection = { failures: 1, pauseMs: 5_000 };
const sweepMs = 60_000;

type Kept = { peer: Peer; used: number };

export function createPeers(options: PeersOptions): Peers {
  const kept = new Map<string, Kept>();
  const turns = new Map<string, number>();
  const outliers = detectOutliers({ ...ejection, now: options.now });
  const sweep = setInterval(() => void closeIdle(kept, options.now()), sweepMs).unref();
  const open = (remote: RemoteApp, address: string): Peer => {
    const key = `${remote.namespace}/${remote.appId}@${address}`;
    const found = kept.get(key) ?? { peer: watched(dial(remote, address, options), address, outliers), used: 0 };
    found.used = options.now();
    kept.set(key, found);
    return found.peer;
  };
  return {
    async connect(remote) {
      if (options.names === undefined) throw fault('invoke-not-ready', 'name resolver not initialized');
      const addresses = outliers.among(await options.names.resolve({ ...remote, port: options.port }));
      const turn = turns.get(remote.appId) ?? 0;
      turns.set(remote.appId, (turn + 1) % 1_000_000);
      return open(remote, addresses[turn % addresses.length]!);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweep);
      await Promise.all([...kept.values()].map(({ peer }) => peer[Symbol.asyncDispose]()));
    },
  };
}

function dial(remote: RemoteApp, address: string, { tls, maxReceiveBytes }: PeersOptions): Peer {
  return openPeer({ address, tls: tls?.(remote), maxReceiveBytes });
}

/** Notes whether the sidecar at that address can be reached. What its app answers does not matter. */
function watched(peer: Peer, address: string, outliers: Outliers): Peer {
  return {
    ...peer,
    async invoke(call, signal) {
      try {
        const answer = await peer.invoke(call, signal);
        outliers.succeeded(address);
        return answer;
      } catch (thrown) {
        if (thrown instanceof StatusError && thrown.code === grpcCode.UNAVAILABLE) outliers.failed(address);
        throw thrown;
      }
    },
  };
}

async function closeIdle(kept: Map<string, Kept>, now: number): Promise<void> {
  for (const [key, { peer, used }] of kept) {
    if (now - used < idleMs) continue;
    kept.delete(key);
    await peer[Symbol.asyncDispose]();
  }
}
