import { mostFrameBytes } from '../protocol.ts';
import { opening, postBlock, rawFrame } from './frames.ts';

const repeated = (times: number, frame: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: times }, (_, i) => frame(i)));

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const openStream = (id: number): Buffer => rawFrame(1, 4, id, postBlock);

/** Bytes after which a server has to end the connection. */
export const attacks: Readonly<Record<string, Buffer>> = {
  'noise in place of HTTP/2': Buffer.alloc(4_096, 0xa5),
  'a frame longer than agreed': Buffer.concat([opening, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]),
  'data longer than agreed by a byte': Buffer.concat([
    opening,
    openStream(1),
    rawFrame(0, 0, 1, Buffer.alloc(mostFrameBytes + 1)),
  ]),
  'the beginning of data on a stream that is not open': Buffer.concat([
    opening,
    rawFrame(0, 0, 5, Buffer.alloc(1_000)).subarray(0, 500),
  ]),
  'data on a stream that is not open': Buffer.concat([opening, rawFrame(0, 0, 5, [9])]),
  'data on no stream': Buffer.concat([opening, rawFrame(0, 0, 0, [9])]),
  'headers that cannot be unpacked': Buffer.concat([opening, rawFrame(1, 4, 1, [0xff, 0xff, 0xff, 0xff])]),
  'headers on an even stream': Buffer.concat([opening, openStream(2)]),
  'a push': Buffer.concat([opening, rawFrame(5, 4, 1, [0, 0, 0, 2])]),
  'a ping of another length': Buffer.concat([opening, rawFrame(6, 0, 0, [1, 2, 3])]),
  'settings that are cut off': Buffer.concat([opening, rawFrame(4, 0, 0, [0, 4, 0])]),
  'a window larger than there is': Buffer.concat([
    opening,
    rawFrame(8, 0, 0, number(0x7fff_ffff)),
    rawFrame(8, 0, 0, number(0x7fff_ffff)),
  ]),
  'a window that does not grow': Buffer.concat([opening, rawFrame(8, 0, 0, number(0))]),
  'a frame within a header block': Buffer.concat([opening, rawFrame(1, 0, 1, postBlock), rawFrame(6, 0, 0, [])]),
  'a header block that never ends': Buffer.concat([
    opening,
    rawFrame(1, 0, 1, postBlock),
    repeated(20_000, () => rawFrame(9, 0, 1, Buffer.alloc(64, 0x84))),
  ]),
  'empty pieces of a header block': Buffer.concat([
    opening,
    rawFrame(1, 0, 1, postBlock),
    repeated(200_000, () => rawFrame(9, 0, 1)),
  ]),
  'streams that are reset at once (CVE-2023-44487)': Buffer.concat([
    opening,
    repeated(20_000, (i) => Buffer.concat([openStream(2 * i + 1), rawFrame(3, 0, 2 * i + 1, number(8))])),
  ]),
  'data without data': Buffer.concat([opening, openStream(1), repeated(200_000, () => rawFrame(0, 0, 1))]),
};

/** Frames that want an answer each. A server ends the connection of one who sends them on and on and reads nothing. */
export const unreadFloods: Readonly<Record<string, Buffer>> = {
  'pings (CVE-2019-9512)': rawFrame(6, 0, 0, Buffer.alloc(8)),
  'settings (CVE-2019-9515)': rawFrame(4, 0, 0),
};
