export type SelfAddress = { hostAddress: string; hostName: string };

/** Adds the headers that tell who passed a request on (RFC 7239 and its older kin) to those that are there. */
export type AddForwarded = (headers: Record<string, string | readonly string[]>) => void;

/** What a sidecar of that address adds. */
export function forwardedBy({ hostAddress, hostName }: SelfAddress): AddForwarded {
  const quoted = hostAddress.includes(':') ? `"[${hostAddress}]"` : hostAddress;
  const parts = [...(hostAddress ? [`for=${quoted}`, `by=${quoted}`] : []), ...(hostName ? [`host=${hostName}`] : [])];
  const own = { 'x-forwarded-for': hostAddress, 'x-forwarded-host': hostName, forwarded: parts.join(';') };
  const added = Object.entries(own).filter(([, value]) => value !== '');
  return (headers) => {
    for (const [name, value] of added) {
      const before = headers[name];
      headers[name] = before === undefined ? value : [before, value].flat();
    }
  };
}
