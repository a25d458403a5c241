import { prefixLength } from './frame.ts';

/** Scratch space to begin with, and the most that is kept between messages. */
const firstBytes = 1024;
const mostKept = 64 * 1024;
/** Shorter text is written letter by letter: cheaper than a call into the engine. */
const shortText = 32;

/**
 * Writes one message at a time in protobuf's wire format, behind gRPC's five-byte prefix. The space it writes to is
 * used again, so that a small message costs one copy and no allocation but its own.
 */
export class FrameWriter {
  #buffer = Buffer.allocUnsafeSlow(firstBytes);
  #at = prefixLength;

  /** Drops what an earlier message left. */
  begin(): void {
    this.#at = prefixLength;
  }

  /** The message behind its prefix. */
  finish(): Buffer {
    const buffer = this.#buffer;
    const end = this.#at;
    buffer[0] = 0;
    buffer.writeUInt32BE(end - prefixLength, 1);
    if (buffer.length > mostKept) {
      this.#buffer = Buffer.allocUnsafeSlow(firstBytes);
      return buffer.subarray(0, end);
    }
    const frame = Buffer.allocUnsafe(end);
    buffer.copy(frame, 0, 0, end);
    return frame;
  }

  /** An unsigned number of at most 32 bits. */
  varint(number: number): void {
    this.#reserve(5);
    this.#varint(number);
  }

  /** A signed number of 32 bits, as `int32` and `enum` are written. */
  int32(number: number): void {
    if (number >= 0) {
      this.varint(number);
      return;
    }
    this.#reserve(10);
    const buffer = this.#buffer;
    let rest = number;
    for (let i = 0; i < 9; i++) {
      buffer[this.#at++] = (rest & 127) | 128;
      rest >>= 7;
    }
    buffer[this.#at++] = 1;
  }

  /** A string with its length. */
  text(text: string): void {
    const { length } = text;
    this.#reserve(length * 3 + 5);
    if (length <= shortText && this.#ascii(text)) return;
    const buffer = this.#buffer;
    const start = this.#at;
    const guess = varintLength(length);
    const written = buffer.write(text, start + guess);
    const needed = varintLength(written);
    if (needed !== guess) buffer.copyWithin(start + needed, start + guess, start + guess + written);
    this.#varint(written);
    this.#at += written;
  }

  /** Bytes with their length. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Begins a part whose length stands before it; hand the answer to `join` at its end. */
  fork(): number {
    this.#reserve(1);
    return this.#at++;
  }

  join(fork: number): void {
    const start = fork + 1;
    const length = this.#at - start;
    const needed = varintLength(length);
    if (needed > 1) {
      this.#reserve(needed);
      this.#buffer.copyWithin(fork + needed, start, start + length);
    }
    this.#at = fork;
    this.#varint(length);
    this.#at += length;
  }

  #ascii(text: string): boolean {
    const buffer = this.#buffer;
    let at = this.#at;
    buffer[at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      buffer[at++] = code;
    }
    this.#at = at;
    return true;
  }

  #varint(number: number): void {
    const buffer = this.#buffer;
    let rest = number;
    while (rest > 127) {
      buffer[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    buffer[this.#at++] = rest;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function varintLength(number: number): number {
  if (number < 0x80) return 1;
  if (number < 0x4000) return 2;
  if (number < 0x200000) return 3;
  return number < 0x10000000 ? 4 : 5;
}
