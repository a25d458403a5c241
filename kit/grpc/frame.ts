import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from './status.ts';

/** Bytes before each message on the wire: one of flags (1 = compressed), then the length as a 32-bit big-endian number. */
export const prefixLength = 5;

/** Puts the prefix before a message. */
export function frame(body: Uint8Array, compressed = false): Buffer {
  const framed = Buffer.allocUnsafe(prefixLength + body.length);
  framed[0] = compressed ? 1 : 0;
  framed.writeUInt32BE(body.length, 1);
  framed.set(body, prefixLength);
  return framed;
}

/** Takes what arrives on a stream, one frame (prefix and message) at a time. */
export type FrameSink = { frame(frame: Buffer): void };

/**
 * Cuts a byte stream into frames. A frame that lies in one chunk is a view of it; one that spans chunks is copied once.
 * What is kept is bounded by the limit: a longer message is refused by its prefix, before its body is read.
 */
export class FrameParser {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = prefixLength;

  /** `limit` is the longest message accepted, in bytes, prefix not counted. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True while part of a frame has arrived. */
  get partial(): boolean {
    return this.#bytes > 0;
  }

  /** Throws RESOURCE_EXHAUSTED for a message over the limit and INTERNAL for unknown flags. */
  push(chunk: Buffer, sink: FrameSink): void {
    const buffer = this.#bytes === 0 ? chunk : this.#join(chunk);
    if (buffer === undefined) return;
    let offset = 0;
    while (buffer.length - offset >= prefixLength) {
      const end = offset + prefixLength + this.#length(buffer, offset);
      if (end > buffer.length) break;
      sink.frame(offset === 0 && end === buffer.length ? buffer : buffer.subarray(offset, end));
      offset = end;
    }
    if (offset < buffer.length) this.#keep(offset === 0 ? buffer : buffer.subarray(offset));
  }

  #join(chunk: Buffer): Buffer | undefined {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return undefined;
    const joined = Buffer.concat(this.#chunks, this.#bytes);
    this.#chunks = [];
    this.#bytes = 0;
    return joined;
  }

  #keep(rest: Buffer): void {
    this.#chunks.push(rest);
    this.#bytes = rest.length;
    this.#needed = rest.length < prefixLength ? prefixLength : prefixLength + this.#length(rest, 0);
  }

  #length(buffer: Buffer, offset: number): number {
    if (buffer[offset]! > 1)
      throw new StatusError(grpcCode.INTERNAL, `unknown flags ${buffer[offset]} before a message`);
    const length = buffer.readUInt32BE(offset + 1);
    if (length <= this.#limit) return length;
    throw new StatusError(
      grpcCode.RESOURCE_EXHAUSTED,
      `received message larger than max (${length} vs. ${this.#limit})`,
    );
  }
}
