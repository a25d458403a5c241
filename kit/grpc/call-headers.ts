import { encodeHeaders, type HeaderInit } from '#kit/http2/hpack-encoder.ts';
import { formatTimeout } from './timeout.ts';
import type { CallOptions } from './transport.ts';

/** Paths whose headers are kept; a channel that is asked for more of them begins anew. */
const mostPaths = 256;

/**
 * Makes the header blocks of a channel's calls. What the calls of a path have in common is made once; `base` holds the
 * pseudo-headers but the path. The answer throws `TypeError` for metadata that no header may hold.
 */
export function callHeaders(base: HeaderInit): (path: string, options: CallOptions) => Buffer {
  const paths = new Map<string, Buffer>();
  const common = (path: string): Buffer => {
    const known = paths.get(path);
    if (known !== undefined) return known;
    if (paths.size >= mostPaths) paths.clear();
    const block = encodeHeaders({ ':path': path, ...base });
    paths.set(path, block);
    return block;
  };
  return (path, options) => {
    const { metadata } = options;
    if (metadata !== undefined && overrides(metadata, base)) {
      return encodeHeaders({ ':path': path, ...base, ...metadata, ...ownHeaders(options) });
    }
    const block = common(path);
    if (metadata === undefined && options.timeoutMs === undefined && !options.gzip) return block;
    return Buffer.concat([block, encodeHeaders({ ...metadata, ...ownHeaders(options) })]);
  };
}

/** Whether metadata takes the place of what every call has. */
function overrides(metadata: object, base: HeaderInit): boolean {
  for (const name in metadata) if (name in base) return true;
  return false;
}

function ownHeaders({ timeoutMs, gzip }: CallOptions): HeaderInit {
  return {
    ...(timeoutMs === undefined ? undefined : { 'grpc-timeout': formatTimeout(timeoutMs) }),
    ...(gzip ? { 'grpc-encoding': 'gzip' } : undefined),
  };
}
