import { lookup } from 'node:dns/promises';
import { fault } from '#kit/errors/fault.ts';

/** Where a server listens. */
export type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** Finds the addresses of a service; asked again whenever a connection is lost or cannot be made. */
export type Resolver = () => Promise<readonly Address[]>;

/** An address as people read it: `host:port` or `unix:path`. */
export function addressText(address: Address): string {
  if ('path' in address) return `unix:${address.path}`;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

/**
 * Reads gRPC's target notation: `host:port`, `[v6]:port`, `unix:path`, `unix:///path`, `dns:[///]host:port`,
 * `passthrough:///host:port`. Throws `bad-request` naming the text.
 */
export function parseTarget(text: string): Address {
  const unix = /^unix:(?:\/\/)?(.+)$/.exec(text);
  if (unix) return { path: unix[1]! };
  const rest = text.replace(/^(?:dns|passthrough):(?:\/\/[^/]*\/)?/, '');
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(rest);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) {
    throw fault('bad-request', `"${text}" is not an address (examples: host:50001, [::1]:50001, unix:/run/x.sock)`);
  }
  return { host: (match[1] ?? match[2])!, port };
}

/** Resolves a host name to all its addresses, as a headless service lists its pods. */
export function dnsResolver(host: string, port: number): Resolver {
  return async () => (await lookup(host, { all: true })).map(({ address }) => ({ host: address, port }));
}
