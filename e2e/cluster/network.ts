import { networkInterfaces } from 'node:os';
import { run } from '../run.ts';
import { lastSlot, type Plan } from './plan.ts';

/** The first slot whose addresses no interface of this machine uses. */
export function freeSlot(): number {
  const used = Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address) ?? []);
  for (let slot = 0; slot <= lastSlot; slot += 1) {
    if (!used.includes(`10.213.${slot}.1`)) return slot;
  }
  throw new Error('every address range for a cluster is in use; stop one with `make cluster-down`');
}

/**
 * Gives the cluster a network of its own: a namespace with a bridge for its
 * pods, a cable to the machine, and routes so that the machine reaches pods
 * and Services by their addresses.
 */
export async function createNetwork(cluster: Plan): Promise<void> {
  const { namespace, link, bridge } = cluster;
  const inside = ['-n', namespace];
  await run('ip', ['netns', 'add', namespace]);
  await run('ip', ['link', 'add', link.host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  await run('ip', ['addr', 'add', `${link.hostAddress}/30`, 'dev', link.host]);
  await run('ip', ['link', 'set', link.host, 'up']);
  await run('ip', [...inside, 'addr', 'add', `${link.nodeAddress}/30`, 'dev', 'eth0']);
  await run('ip', [...inside, 'link', 'add', bridge, 'type', 'bridge']);
  await run('ip', [...inside, 'addr', 'add', `${cluster.bridgeAddress}/24`, 'dev', bridge]);
  for (const device of ['lo', 'eth0', bridge]) await run('ip', [...inside, 'link', 'set', device, 'up']);
  await run('ip', [...inside, 'route', 'add', 'default', 'via', link.hostAddress]);
  for (const cidr of [cluster.podCidr, cluster.serviceCidr]) {
    await run('ip', ['route', 'replace', cidr, 'via', link.nodeAddress]);
  }
  await setKernelSwitches(namespace);
}

/** Takes the network away; its interfaces, routes and packet rules go with it. */
export async function removeNetwork({ namespace, link }: Plan): Promise<void> {
  await run('ip', ['link', 'del', link.host]).catch(() => undefined);
  await run('ip', ['netns', 'del', namespace]).catch(() => undefined);
}

async function setKernelSwitches(namespace: string): Promise<void> {
  // Where these are built into the kernel there is nothing to load.
  await run('modprobe', ['-a', 'br_netfilter', 'overlay']).catch(() => undefined);
  const set = (name: string) => `echo 1 > /proc/sys/net/${name}`;
  const script = [set('ipv4/ip_forward'), `{ ${set('bridge/bridge-nf-call-iptables')}; } 2>/dev/null || true`];
  await run('nsenter', [`--net=/run/netns/${namespace}`, 'sh', '-c', script.join(' && ')]);
}
