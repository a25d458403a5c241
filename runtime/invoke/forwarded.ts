import { isIPv6 } from 'node:net';
import type { Metadata } from '#kit/grpc/transport.ts';

export type SelfAddress = { hostAddress: string; hostName: string };

/** The headers that tell who passed a request on (RFC 7239 and its older kin), added to those that are there. */
export function forwardedHeaders({ hostAddress, hostName }: SelfAddress, headers: Metadata): Record<string, string[]> {
  const quoted = isIPv6(hostAddress) ? `"[${hostAddress}]"` : hostAddress;
  const parts = [...(hostAddress ? [`for=${quoted}`, `by=${quoted}`] : []), ...(hostName ? [`host=${hostName}`] : [])];
  return {
    ...(hostAddress ? { 'x-forwarded-for': added(headers['x-forwarded-for'], hostAddress) } : {}),
    ...(hostName ? { 'x-forwarded-host': added(headers['x-forwarded-host'], hostName) } : {}),
    forwarded: added(headers['forwarded'], parts.join(';')),
  };
}

function added(before: string | readonly string[] | undefined, value: string): string[] {
  return before === undefined ? [value] : [...[before].flat(), value];
}
