import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { joined, numbered } from './chunks.ts';
import { collect } from './message.ts';

async function* from<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

type Chunk = { payload?: { data: Uint8Array; seq: bigint }; head?: boolean };

function read(chunks: readonly Chunk[]) {
  const [first, ...rest] = chunks;
  return collect(
    joined(first as never, from(rest)[Symbol.asyncIterator]() as never, (chunk: Chunk) => chunk.head === true),
  );
}

describe('a body in pieces', () => {
  it('arrives as it was sent, whole or as it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200_000 }), { maxLength: 3 }), async (parts) => {
        const whole = Buffer.concat(parts);
        for (const body of [whole, from(parts)]) {
          const pieces: Chunk[] = [{}];
          for await (const payload of numbered(body)) pieces.push({ payload });
          expect((await read(pieces)).equals(whole)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is refused when a piece is missing', async () => {
    const data = Buffer.from('x');
    await expect(read([{ payload: { data, seq: 0n } }, { payload: { data, seq: 2n } }])).rejects.toThrow(
      'invalid sequence number received: 2 (expected: 1)',
    );
  });

  it('is refused when a second head comes', async () => {
    await expect(read([{}, { head: true }])).rejects.toThrow('metadata found in non-leading chunk');
  });
});
