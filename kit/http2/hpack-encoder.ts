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

/**
 * A header block that leaves the dynamic table alone, so that it may be made once and sent on any connection. Names are
 * put in lower case. Throws `TypeError` for what no header may hold.
 */
export function encodeHeaders(headers: HeaderInit): Buffer {
  const parts: Buffer[] = [];
  for (const given of Object.keys(headers)) {
    const value = headers[given];
    if (value === undefined) continue;
    const name = given.toLowerCase();
    if (!nameForm.test(name)) throw new TypeError(`${JSON.stringify(given)} is no name of a header`);
    if (typeof value === 'object') for (const one of value) field(parts, name, one);
    else field(parts, name, String(value));
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function field(parts: Buffer[], name: string, value: string): void {
  if (unfit.test(value)) throw new TypeError(`header ${name} holds what cannot be sent`);
  const whole = fields.get(`${name}\n${value}`);
  if (whole !== undefined) {
    parts.push(integer(0x80, 7, whole));
    return;
  }
  const index = names.get(name);
  if (index === undefined) parts.push(Buffer.of(0), text(name));
  else parts.push(integer(0, 4, index));
  parts.push(text(value));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

function integer(flags: number, bits: number, number: number): Buffer {
  const mask = (1 << bits) - 1;
  if (number < mask) return Buffer.of(flags | number);
  const bytes = [flags | mask];
  let rest = number - mask;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}
