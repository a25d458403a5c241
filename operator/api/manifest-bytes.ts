import type { DaprResource } from '../resource.ts';

/** JSON of a manifest as the API server gave it, without the status, which is not a sidecar's business. */
export function manifestBytes(resource: DaprResource): Uint8Array<ArrayBuffer> {
  const { status: _, ...manifest } = resource;
  return new TextEncoder().encode(JSON.stringify(manifest));
}
