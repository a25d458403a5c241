import type { Readable } from 'node:stream';
import { type Fault, fault } from '#kit/errors/fault.ts';

/** The body of what has none. */
export const emptyBody: Buffer = Buffer.alloc(0);

/** The whole of a body. Rejects with `too-large` above the limit, as soon as that is known, and `cancelled` when cut. */
export function readBody(stream: Readable, announced: string | undefined, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(announced) > limit) {
      reject(tooLarge(limit));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else {
        chunks.length = 0;
        reject(tooLarge(limit));
      }
    });
    stream.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    stream.once('error', () => reject(cut()));
    stream.once('close', () => reject(cut()));
  });
}

/** The fault of a body over the limit, which it names. */
export const tooLarge = (limit: number): Fault =>
  fault('too-large', `the request body is larger than the limit of ${limit} bytes`);

const cut = (): Fault => fault('cancelled', 'the caller left before its request was complete');
