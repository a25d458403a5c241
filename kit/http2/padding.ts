import { ConnectionError, errorCode, flag } from './protocol.ts';

/** What a frame holds, without its padding and without `skip` bytes at its start. */
export function unpadded(payload: Buffer, flags: number, skip = 0): Buffer {
  const padded = (flags & flag.padded) !== 0;
  const start = skip + (padded ? 1 : 0);
  const end = payload.length - (padded ? (payload[0] ?? 0) : 0);
  if (start > end) throw new ConnectionError(errorCode.protocolError, 'more padding than payload');
  return start === 0 ? payload : payload.subarray(start, end);
}
