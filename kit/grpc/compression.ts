import { promisify } from 'node:util';
import { grpcCode } from '#kit/errors/table.ts';
import { prefixLength } from './frame.ts';
import { StatusError } from './status.ts';

/** Encodings spoken, as `grpc-accept-encoding` lists them. */
export const acceptedEncodings = 'identity,gzip';

/** Loaded when the first message is packed: few callers compress. */
const zlib = () => process.getBuiltinModule('node:zlib');

/** Up to this many bytes are (un)packed on the spot: cheaper than a trip through the thread pool. */
const onTheSpot = 4 * 1024;

/** True for an encoding whose messages can be read; no header means none is compressed. */
export function readableEncoding(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === 'identity' || encoding === 'gzip';
}

/**
 * The message of a frame. Throws RESOURCE_EXHAUSTED when it unpacks to more than `limit` bytes and INTERNAL when it is
 * flagged as compressed without an encoding, or is damaged.
 */
export function unpack(frame: Buffer, encoding: string | undefined, limit: number): Buffer | Promise<Buffer> {
  const body = frame.subarray(prefixLength);
  if (frame[0] === 0) return body;
  if (encoding !== 'gzip') {
    throw new StatusError(grpcCode.INTERNAL, 'a message is flagged as compressed but no grpc-encoding was named');
  }
  const options = { maxOutputLength: Math.max(1, limit) };
  if (body.length > onTheSpot) return promisify(zlib().gunzip)(body, options).catch((cause) => refuse(cause, limit));
  try {
    return zlib().gunzipSync(body, options);
  } catch (cause) {
    return refuse(cause, limit);
  }
}

/** A message as gzip. */
export function pack(body: Uint8Array): Buffer | Promise<Buffer> {
  return body.length > onTheSpot ? promisify(zlib().gzip)(body) : zlib().gzipSync(body);
}

function refuse(cause: unknown, limit: number): never {
  const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
  throw tooLarge
    ? new StatusError(grpcCode.RESOURCE_EXHAUSTED, `received message larger than max after decompression (${limit})`)
    : new StatusError(grpcCode.INTERNAL, 'a compressed message cannot be unpacked', [], cause);
}
