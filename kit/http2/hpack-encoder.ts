import { staticTable } from './static-table.ts';

export type HeaderInit = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const names = new Map<string, number>();
const fields = new Map<string, number>();
for (const [i, [name, value]] of staticTable.entries()) {
  if (!names.has(name)) names.set(name, i + 1);
  if (value !== '') fields.set(`${name}\n${value}`, i + 1);
}

const nameForm = /^:?[!#$%&'*+.^_`|~0-9a-z-]+$/;
const unfit = /[\0\r\n]/;
const wide = /[^\0-\xff]/;

/** More than a field takes besides its name and value. */
const fieldOverhead = 12;

/**
 * A header block that leaves the dynamic table alone, so that it may be made once and sent on any connection, and blocks
 * may be put together. Names are put in lower case. A value is sent letter by byte, as it was read, or else as UTF-8.
 * Throws `TypeError` for what no header may hold.
 */
export function encodeHeaders(headers: HeaderInit): Buffer {
  const list: [name: string, value: string][] = [];
  let bytes = 0;
  const add = (name: string, value: string): void => {
    if (unfit.test(value)) throw new TypeError(`header ${name} holds what cannot be sent`);
    list.push([name, value]);
    bytes += fieldOverhead + name.length + (wide.test(value) ? Buffer.byteLength(value) : value.length);
  };
  for (const given of Object.keys(headers)) {
    const value = headers[given];
    if (value === undefined) continue;
    const name = given.toLowerCase();
    if (!nameForm.test(name)) throw new TypeError(`${JSON.stringify(given)} is no name of a header`);
    if (typeof value === 'object') for (const one of value) add(name, one);
    else add(name, String(value));
  }
  const block = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const [name, value] of list) at = field(block, at, name, value);
  return block.subarray(0, at);
}

function field(block: Buffer, at: number, name: string, value: string): number {
  const whole = fields.get(`${name}\n${value}`);
  if (whole !== undefined) return integer(block, at, 0x80, 7, whole);
  const index = names.get(name);
  if (index !== undefined) return text(block, integer(block, at, 0, 4, index), value);
  block[at] = 0;
  return text(block, text(block, at + 1, name), value);
}

function text(block: Buffer, at: number, value: string): number {
  if (!wide.test(value)) {
    const start = integer(block, at, 0, 7, value.length);
    return start + block.write(value, start, 'latin1');
  }
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
