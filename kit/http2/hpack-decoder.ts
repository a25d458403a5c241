import { decodeHuffman } from './huffman.ts';
import { staticTable } from './static-table.ts';

/** Names in lower case, pseudo-headers (`:path`) first; a repeated name holds its values joined by `, `. */
export type Headers = Readonly<Record<string, string>>;

export type HeaderBlock = {
  readonly headers: Headers;
  /** Bytes as HTTP/2 counts them: 32 more than its letters for each header. */
  readonly size: number;
  /** What is wrong with the list, as opposed to its packing. The headers are not to be used. */
  readonly problem?: string;
};

/** Thrown for bytes that are no header block: the connection cannot go on. */
export class HpackError extends Error {}

/** Bytes of the dynamic table each way, unless told otherwise. */
const defaultTableBytes = 4_096;
const entryOverhead = 32;
/** Blocks that are kept as read, and the longest of them. */
const mostKnown = 4;
const longestKnown = 1_024;

type Entry = readonly [name: string, value: string];

/** A field that was read, and its bytes. */
type KnownField = { readonly bytes: Buffer; readonly name: string; readonly value: string; readonly allowed: boolean };

/** Fields that are kept by their place in a block, and the longest of them. */
const mostFields = 32;
const longestField = 256;

/** Reads the header blocks of one connection, in their order. Source: RFC 7541. */
export class HpackDecoder {
  readonly #maxSize: number;
  /** Newest first. */
  readonly #entries: Entry[] = [];
  #tableBytes = 0;
  #tableLimit = defaultTableBytes;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Blocks as they were read since the table changed, newest last: a peer sends the same few over and over. */
  readonly #known: { bytes: Buffer; block: HeaderBlock }[] = [];
  /** By its place among a block's fields, the last that was written out there: most are the same in the next block. */
  readonly #fields: KnownField[] = [];
  #place = 0;

  /** `maxSize` is the longest list that is kept; longer ones are read, and answered with a problem. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** Throws `HpackError` for bytes that cannot be read. */
  decode(block: Buffer): HeaderBlock {
    for (const known of this.#known) if (known.bytes.equals(block)) return known.block;
    const list = new HeaderList(this.#maxSize);
    this.#block = block;
    this.#at = 0;
    this.#place = 0;
    let unchanged = true;
    while (this.#at < block.length) unchanged = this.#field(list) && unchanged;
    const decoded = list.done();
    this.#remember(block, decoded, unchanged);
    return decoded;
  }

  /** The same bytes mean the same headers only as long as no block in between has changed the table. */
  #remember(bytes: Buffer, block: HeaderBlock, unchanged: boolean): void {
    if (!unchanged) this.#known.length = 0;
    else if (bytes.length <= longestKnown) {
      if (this.#known.length >= mostKnown) this.#known.shift();
      this.#known.push({ bytes: Buffer.from(bytes), block });
    }
  }

  /** Reads one field; false when it has changed the table. */
  #field(list: HeaderList): boolean {
    const first = this.#block[this.#at]!;
    if (first & 0x80) {
      const [name, value] = this.#entry(this.#integer(7));
      list.add(name, value, isAllowed(name, value));
      return true;
    }
    if ((first & 0xe0) === 0x20) {
      if (list.begun) throw new HpackError('a table size within a header block');
      this.#resize(this.#integer(5));
      return false;
    }
    if ((first & 0x40) === 0) {
      const { name, value, allowed } = this.#literal();
      list.add(name, value, allowed);
      return true;
    }
    const index = this.#integer(6);
    const name = index === 0 ? this.#text() : this.#entry(index)[0];
    const value = this.#text();
    list.add(name, value, isAllowed(name, value));
    this.#insert([name, value]);
    return false;
  }

  /** A field that leaves the table alone. */
  #literal(): KnownField {
    const start = this.#at;
    const place = this.#place++;
    const known = this.#fields[place];
    if (known !== undefined && startsWith(this.#block, start, known.bytes)) {
      this.#at = start + known.bytes.length;
      return known;
    }
    const index = this.#integer(4);
    const name = index === 0 ? this.#text() : this.#entry(index)[0];
    const value = this.#text();
    const field = { bytes: this.#block.subarray(start, this.#at), name, value, allowed: isAllowed(name, value) };
    // What the table names is another field when the table has changed.
    const keeps = place < mostFields && field.bytes.length <= longestField && index <= staticTable.length;
    if (!keeps) return field;
    const kept = { ...field, bytes: Buffer.from(field.bytes) };
    this.#fields[place] = kept;
    return kept;
  }

  #integer(bits: number): number {
    const mask = (1 << bits) - 1;
    let number = this.#byte() & mask;
    if (number < mask) return number;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#byte();
      number += (byte & 127) << shift;
      if (byte < 128) return number;
    }
    throw new HpackError('a number too large');
  }

  #text(): string {
    const coded = (this.#block[this.#at]! & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.length) throw new HpackError('text that is cut off');
    this.#at = end;
    if (!coded) return this.#block.toString('latin1', start, end);
    const text = decodeHuffman(this.#block, start, end);
    if (text === undefined) throw new HpackError('text that is not coded as HPACK says');
    return text;
  }

  #byte(): number {
    if (this.#at >= this.#block.length) throw new HpackError('a header block that is cut off');
    return this.#block[this.#at++]!;
  }

  #entry(index: number): Entry {
    const entry = index <= staticTable.length ? staticTable[index - 1] : this.#entries[index - 1 - staticTable.length];
    if (entry === undefined) throw new HpackError(`no entry ${index} in the table`);
    return entry;
  }

  #insert(entry: Entry): void {
    this.#entries.unshift(entry);
    this.#tableBytes += sizeOf(entry);
    this.#evict();
  }

  #resize(limit: number): void {
    if (limit > defaultTableBytes) throw new HpackError('a table larger than agreed');
    this.#tableLimit = limit;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableLimit) this.#tableBytes -= sizeOf(this.#entries.pop()!);
  }
}

function startsWith(block: Buffer, start: number, bytes: Buffer): boolean {
  const { length } = bytes;
  if (block.length - start < length) return false;
  // From the end, where values differ.
  for (let i = length - 1; i >= 0; i--) if (block[start + i] !== bytes[i]) return false;
  return true;
}

const sizeOf = ([name, value]: Entry): number => name.length + value.length + entryOverhead;

const pseudoHeaders = new Set([':method', ':scheme', ':path', ':authority', ':status', ':protocol']);
/** Names of the connection, which HTTP/2 has no place for. */
const connectionHeaders = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);
const nameForm = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const unfit = /[\0\r\n]/;
const colon = 58;

/** Gathers a list and holds it to the rules for its form. Source: RFC 9113, section 8.2. */
class HeaderList {
  readonly #maxSize: number;
  readonly #headers: Record<string, string> = {};
  #size = 0;
  #regular = false;
  #problem: string | undefined;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get begun(): boolean {
    return this.#size > 0;
  }

  /** `allowed` is what `isAllowed` says. */
  add(name: string, value: string, allowed: boolean): void {
    this.#size += name.length + value.length + entryOverhead;
    if (this.#size > this.#maxSize) {
      this.#problem = tooLarge;
      return;
    }
    const pseudo = name.charCodeAt(0) === colon;
    const misplaced = pseudo && (this.#regular || this.#headers[name] !== undefined);
    if (!allowed || misplaced) {
      this.#problem ??= `header ${JSON.stringify(name)} is not allowed here`;
      return;
    }
    if (!pseudo) this.#regular = true;
    const before = this.#headers[name];
    this.#headers[name] = before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
  }

  done(): HeaderBlock {
    const [headers, size] = [this.#headers, this.#size];
    return this.#problem === undefined ? { headers, size } : { headers, size, problem: this.#problem };
  }
}

/** Whether such a header may stand in HTTP/2 at all. */
function isAllowed(name: string, value: string): boolean {
  if (unfit.test(value) || name === '__proto__') return false;
  if (name.charCodeAt(0) === colon) return pseudoHeaders.has(name);
  return nameForm.test(name) && !connectionHeaders.has(name) && (name !== 'te' || value === 'trailers');
}

/** The problem of a list longer than allowed. */
export const tooLarge = 'the list of headers is too large';
