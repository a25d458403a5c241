import { networkInterfaces } from 'node:os';

/** The first IPv4 address of this machine that others can reach, else an IPv6 one, else loopback. */
export function ownAddress(interfaces = networkInterfaces()): string {
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  const outer = all.filter((one) => !one.internal && !one.address.startsWith('fe80:'));
  return (outer.find((one) => one.family === 'IPv4') ?? outer[0])?.address ?? '127.0.0.1';
}
