import { fault } from '#kit/errors/fault.ts';

export type JsonSplitter = {
  /** Takes the next bytes and returns the objects they complete, each as its own bytes. */
  push(chunk: Buffer): Buffer[];
  /** Whether an object has begun and not ended. */
  pending(): boolean;
};

const quote = 0x22;
const backslash = 0x5c;
const open = 0x7b;
const close = 0x7d;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Splits a stream of JSON objects that may or may not be parted by white space. Only braces outside of strings count,
 * which are ASCII, so chunks may end anywhere, even inside a character.
 * Throws `malformed-request` where something else than an object begins, `too-large` past `maxBytes` for one object.
 */
export function jsonSplitter(maxBytes = 64 * 1024 * 1024): JsonSplitter {
  let depth = 0;
  let inString = false;
  let escaped = false;
  let held: Buffer[] = [];
  let heldBytes = 0;

  const hold = (part: Buffer): void => {
    heldBytes += part.length;
    if (heldBytes > maxBytes) throw fault('too-large', `a JSON object of the stream is larger than ${maxBytes} bytes`);
    held.push(part);
  };
  const finish = (): Buffer => {
    const whole = held.length === 1 ? held[0]! : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    return whole;
  };
  /** Moves the state by one byte; true when an object ends with it. */
  const step = (byte: number): boolean => {
    if (inString) {
      if (escaped) escaped = false;
      else if (byte === backslash) escaped = true;
      else if (byte === quote) inString = false;
      return false;
    }
    if (byte === quote) inString = true;
    else if (byte === open) depth++;
    else if (byte === close) return --depth === 0;
    return false;
  };

  return {
    pending: () => depth > 0,
    push(chunk) {
      const done: Buffer[] = [];
      let start = 0;
      for (let i = 0; i < chunk.length; i++) {
        const byte = chunk[i]!;
        if (depth === 0) {
          if (isSpace(byte)) continue;
          if (byte !== open) throw fault('malformed-request', 'the stream holds something else than JSON objects');
          start = i;
        }
        if (!step(byte)) continue;
        hold(chunk.subarray(start, i + 1));
        done.push(finish());
      }
      if (depth > 0) hold(chunk.subarray(start));
      return done;
    },
  };
}
