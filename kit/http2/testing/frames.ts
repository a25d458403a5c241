import { preface } from '#kit/http/preface.ts';

/** A frame as it goes over the wire, whatever its content. */
export function rawFrame(
  type: number,
  flags: number,
  stream: number,
  payload: readonly number[] | Buffer = [],
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, Buffer.from(payload)]);
}

/** What every client begins with: the preface and empty settings. */
export const opening: Buffer = Buffer.concat([preface, rawFrame(4, 0, 0)]);

/** The header block of `POST /` over `http` to `x`. */
export const postBlock: readonly number[] = [0x83, 0x86, 0x84, 0x41, 1, 0x78];
