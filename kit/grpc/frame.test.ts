import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { FrameParser, frame } from './frame.ts';
import { StatusError } from './status.ts';

/** Feeds bytes in pieces of the given sizes, in turn. */
function parse(bytes: Buffer, sizes: readonly number[], limit: number): Buffer[] {
  const frames: Buffer[] = [];
  const parser = new FrameParser(limit);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    parser.push(bytes.subarray(at, at + size), { frame: (one) => void frames.push(one) });
    at += size;
  }
  return frames;
}

const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 6 });

describe('FrameParser', () => {
  it('finds the same frames however the bytes arrive', () => {
    fc.assert(
      fc.property(bodies, pieces, fc.boolean(), (all, sizes, compressed) => {
        const framed = all.map((body) => frame(body, compressed));
        expect(parse(Buffer.concat(framed), sizes, 40)).toEqual(framed);
      }),
    );
  });

  it('knows whether a frame is incomplete', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(44), (body, cut) => {
        const whole = frame(body);
        const parser = new FrameParser(40);
        const length = Math.min(cut, whole.length);
        parser.push(whole.subarray(0, length), { frame: () => {} });
        expect(parser.partial).toBe(length > 0 && length < whole.length);
      }),
    );
  });

  it('throws a status for anything else, and keeps no more than the limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), pieces, (bytes, sizes) => {
        try {
          for (const found of parse(Buffer.from(bytes), sizes, 16)) expect(found.length).toBeLessThanOrEqual(16 + 5);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(StatusError);
        }
      }),
    );
  });

  it('refuses a message over the limit by its prefix', () => {
    const parser = new FrameParser(10);
    const prefix = frame(Buffer.alloc(11)).subarray(0, 5);
    expect(() => parser.push(prefix, { frame: () => {} })).toThrow('received message larger than max (11 vs. 10)');
  });
});
