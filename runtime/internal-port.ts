import { createHash } from 'node:crypto';

const lowest = 47_300;
const span = 2_048;

/**
 * The port for calls from other sidecars when none is given: the same for the same app, folder, user and host, so that
 * a restarted sidecar is found where it was. It may be taken; then any free one does.
 */
export function stablePort(...parts: readonly (string | number)[]): number {
  const hash = createHash('sha256').update(parts.join('|')).digest();
  return lowest + (hash.readUInt16BE(0) % span);
}
