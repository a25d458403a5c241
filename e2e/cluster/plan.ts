import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * Everything a cluster calls its own, derived from its state folder and one
 * small number, so that clusters live side by side: they share no port (each
 * has a network namespace), no socket, no cgroup, no interface and no address.
 */
export interface Plan {
  id: string;
  slot: number;
  /** Everything that survives: data, certificates, configuration, logs. */
  folder: string;
  /** Sockets and mounts; short, as a socket's path may have 108 characters. */
  run: string;
  namespace: string;
  cgroup: string;
  node: string;
  /** The cable between the machine and the cluster. */
  link: { host: string; hostAddress: string; nodeAddress: string };
  bridge: string;
  podCidr: string;
  bridgeAddress: string;
  serviceCidr: string;
  dnsAddress: string;
  server: string;
  port: number;
}

/** The highest slot there is. */
export const lastSlot = 63;

/** Plans the cluster of a state folder; `slot` (0…63) picks its addresses. */
export function plan(folder: string, slot: number): Plan {
  const id = createHash('sha256').update(folder).digest('hex').slice(0, 6);
  const name = `outrigger-${id}`;
  const nodeAddress = `10.213.${slot}.2`;
  return {
    id,
    slot,
    folder,
    run: join('/run', name),
    namespace: name,
    cgroup: name,
    node: 'outrigger',
    link: { host: `or-${id}`, hostAddress: `10.213.${slot}.1`, nodeAddress },
    bridge: `br-${id}`,
    podCidr: `10.214.${slot}.0/24`,
    bridgeAddress: `10.214.${slot}.1`,
    serviceCidr: `10.215.${slot}.0/24`,
    dnsAddress: `10.215.${slot}.10`,
    server: `https://${nodeAddress}:6443`,
    port: 6443,
  };
}
