import { toFault } from '#kit/errors/fault.ts';
import { statusFault } from '#kit/kube/status.ts';
import type { KubeTransport } from '#kit/kube/transport.ts';
import { type Clock, systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';

/** The first minor version in which init containers may keep running. */
const since = 29;

/** Between two questions to an API server that is away. */
const againMs = 2_000;

/**
 * Whether the cluster has native sidecars, by its version; no where it does not tell. An API server that is away is
 * asked until it is back, as the answer holds for every pod from then on.
 */
export async function hasNativeSidecars(
  transport: KubeTransport,
  log: Logger,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<boolean> {
  for (;;) {
    try {
      return isSince(await readVersion(transport, signal));
    } catch (thrown) {
      const { key, message } = toFault(thrown);
      if (key !== 'unavailable') {
        log.warn(`Cannot read the version of Kubernetes, so sidecars are regular containers: ${message}`);
        return false;
      }
      log.warn(`Cannot read the version of Kubernetes yet: ${message}`);
      await clock.pause(againMs, signal);
    }
  }
}

async function readVersion(transport: KubeTransport, signal: AbortSignal): Promise<string> {
  const response = await transport({ method: 'GET', path: '/version', accept: 'application/json', signal });
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString('utf8');
  if (response.statusCode === 200) return body;
  throw statusFault('GET /version', response.statusCode ?? 0, body);
}

/** Providers write the minor version as `29+`. */
export function isSince(version: string): boolean {
  const { major, minor } = JSON.parse(version) as { major?: string; minor?: string };
  const [first, second] = [Number.parseInt(major ?? '', 10), Number.parseInt(minor ?? '', 10)];
  return first > 1 || (first === 1 && second >= since);
}
