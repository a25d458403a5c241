/** A part of a stream: all but the last are of the size asked for. */
export type Segment = { bytes: Buffer; last: boolean };

/** Cuts a stream into parts of one size; the last may be shorter. An empty stream has none. Holds one part at a time. */
export async function* inSegments(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Segment> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    held.push(chunk);
    length += chunk.length;
    // One byte more must be there: else this could be the last.
    if (length <= size) continue;
    const all = Buffer.concat(held, length);
    let at = 0;
    for (; length - at > size; at += size) yield { bytes: all.subarray(at, at + size), last: false };
    held = [all.subarray(at)];
    length -= at;
  }
  if (length > 0) yield { bytes: Buffer.concat(held, length), last: true };
}
