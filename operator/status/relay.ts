import { toFault } from '#kit/errors/fault.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import type { KubeObject } from '#kit/kube/object.ts';
import { resources } from '#kit/kube/resource.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import { type ReportComponentsRequest, Status } from '#proto/outrigger/operator/v1/status_pb.js';

export type RelayOptions = {
  client: Pick<KubeClient, 'get'>;
  /** The control plane's own. */
  namespace: string;
  /** Name of the Lease, whose holder is `<pod>_<process>`. */
  lease: string;
  /** What this replica holds the Lease as. */
  identity: string;
  /** Opens a connection to the operator in the pod of that address. */
  connect(ip: string): Transport;
  log: Logger;
  signal: AbortSignal;
  clock?: Clock;
};

export type Relay = AsyncDisposable & {
  /** Has the leader know what a sidecar said here. */
  pass(report: ReportComponentsRequest): void;
  forget(podKey: string): void;
};

const everyMs = 5_000;

/**
 * Passes reports on to the replica that leads: sidecars reach any replica, only the leader writes status. A new leader
 * is told everything anew. Costs one read of the Lease every five seconds, and nothing while nobody reported here.
 */
export function startRelay(options: RelayOptions): Relay {
  const { signal, clock = systemClock, log } = options;
  const own = new AbortController();
  const stop = AbortSignal.any([signal, own.signal]);
  const held = new Map<string, ReportComponentsRequest>();
  const unsent = new Set<string>();
  let told = '';

  const round = async (): Promise<void> => {
    if (held.size === 0) return;
    const leader = await holder(options);
    if (leader !== told) for (const key of held.keys()) unsent.add(key);
    told = leader;
    if (leader === '' || leader === options.identity || unsent.size === 0) return;
    await using transport = options.connect(await addressOf(options, leader));
    for (const key of [...unsent]) {
      const report = held.get(key);
      if (report) await transport.unary(Status.method.reportComponents, report, { signal: stop, timeoutMs: 5_000 });
      unsent.delete(key);
    }
  };
  const running = (async () => {
    while (!stop.aborted) {
      try {
        await round();
      } catch (thrown) {
        if (!stop.aborted) log.debug(`Could not pass reports on to the leader: ${toFault(thrown).message}`);
      }
      await clock.pause(everyMs, stop);
    }
  })();
  return {
    pass(report) {
      const key = `${report.namespace}/${report.podName}`;
      held.set(key, report);
      unsent.add(key);
    },
    forget(podKey) {
      held.delete(podKey);
      unsent.delete(podKey);
    },
    async [Symbol.asyncDispose]() {
      own.abort();
      await running;
    },
  };
}

type Lease = KubeObject & { spec?: { holderIdentity?: string } };
type Pod = KubeObject & { status?: { podIP?: string } };

async function holder({ client, namespace, lease }: RelayOptions): Promise<string> {
  const { spec } = await client.get<Lease>(resources.leases, { namespace, name: lease });
  return spec?.holderIdentity ?? '';
}

async function addressOf({ client, namespace }: RelayOptions, leader: string): Promise<string> {
  const name = leader.slice(0, leader.lastIndexOf('_'));
  const { status } = await client.get<Pod>(resources.pods, { namespace, name });
  if (!status?.podIP) throw new Error(`pod ${name}, which leads, has no address`);
  return status.podIP.includes(':') ? `[${status.podIP}]` : status.podIP;
}
