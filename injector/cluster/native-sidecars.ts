import { toFault } from '#kit/errors/fault.ts';
import type { KubeTransport } from '#kit/kube/transport.ts';
import type { Logger } from '#kit/log/logger.ts';

/** The first minor version in which init containers may keep running. */
const since = 29;

/** Whether the cluster has native sidecars, by its version; no where that cannot be found out. */
export async function hasNativeSidecars(transport: KubeTransport, log: Logger, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await transport({ method: 'GET', path: '/version', accept: 'application/json', signal });
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    return isSince(Buffer.concat(parts).toString('utf8'));
  } catch (thrown) {
    log.warn(`Cannot read the version of Kubernetes, so sidecars are regular containers: ${toFault(thrown).message}`);
    return false;
  }
}

/** Providers write the minor version as `29+`. */
export function isSince(version: string): boolean {
  const { major, minor } = JSON.parse(version) as { major?: string; minor?: string };
  const [first, second] = [Number.parseInt(major ?? '', 10), Number.parseInt(minor ?? '', 10)];
  return first > 1 || (first === 1 && second >= since);
}
