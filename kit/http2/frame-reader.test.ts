import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { FrameReader } from './frame-reader.ts';
import { flag, frameType, mostFrameBytes } from './protocol.ts';
import { rawFrame } from './testing/frames.ts';

type Told = { type: number; flags: number; id: number; payload: Buffer };

/** What a reader tells of chunks, data of one stream that comes in a row put together. */
function read(chunks: readonly Buffer[]): Told[] {
  const reader = new FrameReader();
  const told: Told[] = [];
  for (const chunk of chunks) {
    reader.read(chunk, (type, flags, id, payload) => {
      const last = told.at(-1);
      const goesOn = type === frameType.data && last?.type === type && last.id === id && last.flags === 0;
      if (goesOn) told[told.length - 1] = { ...last, flags, payload: Buffer.concat([last.payload, payload]) };
      else told.push({ type, flags, id, payload });
      return true;
    });
  }
  return told;
}

/** Bytes cut at every so many. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

describe('the frame reader', () => {
  it('tells the same frames wherever what comes is cut', () => {
    const frame = fc.record({
      type: fc.constantFrom(frameType.data, frameType.headers, frameType.settings, 99),
      flags: fc.constantFrom(flag.endStream, flag.endStream | flag.padded),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    });
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(frame), sizes, (frames, pieces) => {
        const sent = frames.map((one, i) => ({ ...one, id: i + 1 }));
        const bytes = Buffer.concat(sent.map(({ type, flags, id, payload }) => rawFrame(type, flags, id, payload)));
        expect(read(cut(bytes, pieces))).toEqual(sent);
      }),
    );
  });

  it('passes data on as it comes, and the end with its last piece', () => {
    const frame = rawFrame(frameType.data, flag.endStream, 1, Buffer.alloc(mostFrameBytes, 1));
    const seen: [bytes: number, flags: number][] = [];
    const reader = new FrameReader();
    for (const chunk of cut(frame, [30_000])) {
      reader.read(chunk, (_type, flags, _id, payload) => {
        seen.push([payload.length, flags]);
        expect(payload.buffer).toBe(frame.buffer);
        return true;
      });
    }
    expect(seen).toEqual([
      [29_991, 0],
      [30_000, 0],
      [5_545, flag.endStream],
    ]);
  });

  it('refuses a frame longer than agreed by its header', () => {
    const header = rawFrame(frameType.data, 0, 1, Buffer.alloc(mostFrameBytes + 1)).subarray(0, 9);
    expect(() => read([header])).toThrow('a frame of 65537 bytes');
  });
});
