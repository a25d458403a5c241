import type { Duplex } from 'node:stream';
import { flag, frameHeaderBytes, frameType } from './protocol.ts';

const firstBytes = 1_024;
const mostBytes = 64 * 1_024;
/** Longer payloads are sent from where they lie. */
const mostCopied = 8 * 1_024;
const emptyTable = Buffer.of(0x20);

/**
 * Frames on their way out. They gather in one piece of memory until the event loop has seen to all that had come in,
 * then leave in one write; or at once, where nothing else is to be expected.
 */
export class Output {
  readonly #socket: Duplex;
  readonly #flushed: () => void;
  readonly #flush = (): void => this.flush();
  #space: Buffer = Buffer.alloc(0);
  #start = 0;
  #at = 0;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #scheduled = false;
  #tableLimited = false;

  /** `flushed` is told after each write. */
  constructor(socket: Duplex, flushed: () => void) {
    this.#socket = socket;
    this.#flushed = flushed;
  }

  /** Bytes that the peer has not taken yet. */
  get pending(): number {
    return this.#socket.writableLength + this.#partBytes + (this.#at - this.#start);
  }

  /** `now` lets it leave at once, with what has gathered. */
  frame(type: number, flags: number, id: number, payload: Buffer, now = false): void {
    this.#header(type, flags, id, payload.length);
    this.raw(payload, now);
  }

  /** A frame whose payload is a number of 32 bits. */
  number(type: number, id: number, number: number): void {
    this.#header(type, 0, id, 4);
    this.#reserve(4);
    this.#at = this.#space.writeUInt32BE(number, this.#at);
    this.#schedule();
  }

  /** No stream after `lastId` has been looked at, and none will be. */
  goAway(lastId: number, code: number): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(lastId, 0);
    payload.writeUInt32BE(code, 4);
    this.frame(frameType.goaway, 0, 0, payload);
  }

  /** The peer limits our table of headers. We keep none, but the next block must acknowledge it (RFC 7541, 4.2). */
  tableLimited(): void {
    this.#tableLimited = true;
  }

  /** A header block as HEADERS, and CONTINUATION where it is too long for one frame; `now` as for a frame. */
  headers(id: number, fields: Buffer, end: boolean, frameBytes: number, now = false): void {
    const block = this.#tableLimited ? Buffer.concat([emptyTable, fields]) : fields;
    this.#tableLimited = false;
    const endFlag = end ? flag.endStream : 0;
    if (block.length <= frameBytes) {
      this.frame(frameType.headers, flag.endHeaders | endFlag, id, block, now);
      return;
    }
    this.frame(frameType.headers, endFlag, id, block.subarray(0, frameBytes));
    for (let at = frameBytes; at < block.length; at += frameBytes) {
      const last = at + frameBytes >= block.length;
      const piece = block.subarray(at, at + frameBytes);
      this.frame(frameType.continuation, last ? flag.endHeaders : 0, id, piece);
    }
  }

  raw(bytes: Buffer, now = false): void {
    if (bytes.length > mostCopied) {
      this.#cut();
      this.#parts.push(bytes);
      this.#partBytes += bytes.length;
    } else {
      this.#reserve(bytes.length);
      this.#space.set(bytes, this.#at);
      this.#at += bytes.length;
    }
    if (now) this.flush();
    else this.#schedule();
  }

  flush(): void {
    this.#scheduled = false;
    this.#cut();
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#partBytes = 0;
    if (!this.#socket.writable) return;
    if (parts.length === 1) this.#socket.write(parts[0]);
    else {
      this.#socket.cork();
      for (const part of parts) this.#socket.write(part);
      this.#socket.uncork();
    }
    this.#flushed();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  #header(type: number, flags: number, id: number, length: number): void {
    this.#reserve(frameHeaderBytes);
    const space = this.#space;
    let at = this.#at;
    space[at++] = length >>> 16;
    space[at++] = length >>> 8;
    space[at++] = length;
    space[at++] = type;
    space[at++] = flags;
    space[at++] = id >>> 24;
    space[at++] = id >>> 16;
    space[at++] = id >>> 8;
    space[at++] = id;
    this.#at = at;
  }

  /** Ends the piece that is being written. What is written after it lies behind it, as it may not have left yet. */
  #cut(): void {
    if (this.#at === this.#start) return;
    this.#parts.push(this.#space.subarray(this.#start, this.#at));
    this.#partBytes += this.#at - this.#start;
    this.#start = this.#at;
  }

  #reserve(bytes: number): void {
    if (this.#space.length - this.#at >= bytes) return;
    this.#cut();
    const larger = Math.min(mostBytes, Math.max(firstBytes, this.#space.length * 2));
    this.#space = Buffer.allocUnsafeSlow(Math.max(larger, bytes));
    this.#start = 0;
    this.#at = 0;
  }
}
