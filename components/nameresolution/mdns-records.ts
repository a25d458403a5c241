import { isIPv4 } from 'node:net';
import type { Answer } from 'dns-packet';
import { hostPort, type NameInstance } from '#contracts/names.ts';

/** The DNS-SD service that stands for an app: the app ID itself in `.local`, as Dapr announces it. */
export function serviceName(appId: string): string {
  return `${appId}.local`;
}

/**
 * The records that announce a sidecar: PTR to an instance, its SRV (port and host), TXT (the app ID) and the host's
 * address. A time to live of 0 seconds takes it back.
 */
export function announcement(self: NameInstance, instance: string, ttl: number): { answers: Answer[] } {
  const service = serviceName(self.appId);
  const name = `${instance}.${service}`;
  const host = `${instance}.local`;
  const answers: Answer[] = [
    { type: 'PTR', name: service, ttl, data: name },
    { type: 'SRV', name, ttl, data: { port: self.port, weight: 0, priority: 0, target: host } },
    { type: 'TXT', name, ttl, data: [self.appId] },
    isIPv4(self.address)
      ? { type: 'A', name: host, ttl, data: self.address }
      : { type: 'AAAA', name: host, ttl, data: self.address },
  ];
  return { answers };
}

export type Announced = { appId: string; address: string; gone: boolean };

/** The sidecars that a response tells of; what is not an announcement of Dapr's kind is passed over. */
export function readAnnouncements(packet: {
  answers?: readonly Answer[] | undefined;
  additionals?: readonly Answer[] | undefined;
}): Announced[] {
  const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])];
  const texts = new Map(
    records.flatMap((record) =>
      record.type === 'TXT' ? [[record.name.toLowerCase(), textOf(record.data)] as const] : [],
    ),
  );
  const hosts = new Map<string, string>();
  for (const record of records) {
    if (record.type === 'AAAA' && !hosts.has(record.name.toLowerCase()))
      hosts.set(record.name.toLowerCase(), record.data);
    if (record.type === 'A') hosts.set(record.name.toLowerCase(), record.data);
  }
  return records.flatMap((record) => {
    if (record.type !== 'SRV') return [];
    const appId = texts.get(record.name.toLowerCase());
    const host = hosts.get(record.data.target.toLowerCase());
    if (appId === undefined || host === undefined || !isServiceOf(record.name, appId)) return [];
    return [{ appId, address: hostPort(host, record.data.port), gone: record.ttl === 0 }];
  });
}

function isServiceOf(name: string, appId: string): boolean {
  return name.toLowerCase().endsWith(`.${serviceName(appId).toLowerCase()}`);
}

function textOf(data: unknown): string {
  const first: unknown = Array.isArray(data) ? data[0] : data;
  return Buffer.isBuffer(first) || first instanceof Uint8Array
    ? Buffer.from(first).toString('utf8')
    : String(first ?? '');
}
