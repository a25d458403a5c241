import type { Writable } from 'node:stream';

/** Writes a body at the reader's pace, then ends. Leaves off, closing the body, when the reader is gone. */
export async function pump(target: Writable, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (target.destroyed) return;
    if (!target.write(chunk)) await drained(target);
  }
  target.end();
}

/** Resolves when more may be written, or the reader is gone. */
export function drained(target: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      target.off('drain', done);
      target.off('close', done);
      resolve();
    };
    target.on('drain', done);
    target.on('close', done);
  });
}
