import { staticTable } from './static-table.ts';

export type HeaderInit = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const names = new Map<string, number>();
/** Entries that have a value too, by name and value. */
const fields = new Map<string, Map<string, number>>();
for (const [i, [name, value]] of staticTable.entries()) {
  if (!names.has(name)) names.set(name, i + 1);
  if (value === '') continue;
  const ofName = fields.get(name) ?? new Map<string, number>();
  fields.set(name, ofName.set(value, i + 1));
}

const nameForm = /^:?[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** What needs a second look: what ends a header early, and what is no single byte. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const odd = /[^\x01-\x09\x0b\x0c\x0e-\xff]/;
const unfit = /[\0\r\n]/;
const lineFeed = 10;
const carriageReturn = 13;

/** More than a field takes besides its name and value. */
const fieldOverhead = 12;
/** Texts of up to this length are cheaper to copy here than by a call of Node's. */
const shortText = 32;
/** Of a UTF-16 code unit in UTF-8. */
const mostBytesOfUnit = 3;

/**
 * A header block that leaves the dynamic table alone, so that it may be made once and sent on any connection, and blocks
 * may be put together. Names are put in lower case. A value is sent letter by byte, as it was read, or else as UTF-8.
 * Throws `TypeError` for what no header may hold.
 */
export function encodeHeaders(headers: HeaderInit, more: HeaderInit = none): Buffer {
  const block = Buffer.allocUnsafe(roomFor(headers) + roomFor(more));
  return block.subarray(0, write(block, write(block, 0, headers), more));
}

const none: HeaderInit = Object.freeze({});

function roomFor(headers: HeaderInit): number {
  let bytes = 0;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (typeof value === 'object') for (const one of value) bytes += roomForField(name, one);
    else bytes += roomForField(name, String(value));
  }
  return bytes;
}

/** Enough for the value as UTF-8; a short one is not worth a look. */
function roomForField(name: string, value: string): number {
  const { length } = value;
  const bytes = fieldOverhead + name.length;
  if (length <= shortText) return bytes + length * mostBytesOfUnit;
  return bytes + (odd.test(value) ? Buffer.byteLength(value) : length);
}

function write(block: Buffer, start: number, headers: HeaderInit): number {
  let at = start;
  for (const given in headers) {
    const value = headers[given];
    if (value === undefined) continue;
    const name = nameForm.test(given) ? given : lowerCase(given);
    if (typeof value === 'object') for (const one of value) at = field(block, at, name, one);
    else at = field(block, at, name, String(value));
  }
  return at;
}

function lowerCase(given: string): string {
  const name = given.toLowerCase();
  if (!nameForm.test(name)) throw new TypeError(`${JSON.stringify(given)} is no name of a header`);
  return name;
}

function field(block: Buffer, at: number, name: string, value: string): number {
  const index = names.get(name);
  if (index === undefined) {
    block[at] = 0;
    return text(block, text(block, at + 1, name, name), value, name);
  }
  const whole = fields.get(name)?.get(value);
  if (whole !== undefined) return integer(block, at, 0x80, 7, whole);
  return text(block, integer(block, at, 0, 4, index), value, name);
}

/** `name` is for messages. */
function text(block: Buffer, at: number, value: string, name: string): number {
  const { length } = value;
  if (length > shortText && odd.test(value)) return oddText(block, at, value, name);
  const start = integer(block, at, 0, 7, length);
  if (length > shortText) return start + block.write(value, start, 'latin1');
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i);
    if (unit > 0xff || unit === 0 || unit === lineFeed || unit === carriageReturn)
      return oddText(block, at, value, name);
    block[start + i] = unit;
  }
  return start + length;
}

function oddText(block: Buffer, at: number, value: string, name: string): number {
  if (unfit.test(value)) throw new TypeError(`header ${name} holds what cannot be sent`);
  const start = integer(block, at, 0, 7, Buffer.byteLength(value));
  return start + block.write(value, start, 'utf8');
}

function integer(block: Buffer, start: number, flags: number, bits: number, number: number): number {
  const mask = (1 << bits) - 1;
  let at = start;
  if (number < mask) {
    block[at++] = flags | number;
    return at;
  }
  block[at++] = flags | mask;
  let rest = number - mask;
  for (; rest >= 128; rest >>>= 7) block[at++] = (rest & 127) | 128;
  block[at++] = rest;
  return at;
}
