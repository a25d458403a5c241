/**
 * Finds parts of a JSON text without decoding them, so that values pass through the sidecar byte for byte: numbers keep
 * their digits and texts their escapes. The text must be valid JSON: check that with `JSON.parse` first.
 */

const quote = 0x22;
const backslash = 0x5c;
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);
const afterScalar = new Set([0x2c, 0x5d, 0x7d, 0x20, 0x0a, 0x0d, 0x09]);

/** What stands for a value that was left out. */
export const jsonNull: Buffer = Buffer.from('null');

/** The raw items of an array; none where the text is something else. */
export function jsonItems(text: Buffer): Buffer[] {
  const items: Buffer[] = [];
  let at = skipBlank(text, 0);
  if (text[at] !== 0x5b) return items;
  at = skipBlank(text, at + 1);
  while (at < text.length && text[at] !== 0x5d) {
    const end = valueEnd(text, at);
    items.push(text.subarray(at, end));
    at = nextPart(text, end);
  }
  return items;
}

/** The raw value of an object's member, the last of that name; undefined where there is none. */
export const jsonMember = (text: Buffer, name: string): Buffer | undefined =>
  lastMember(text, (found) => found === name);

/** {@link jsonMember}, its name in any case of letters; `name` is in small ones. */
export const jsonField = (text: Buffer, name: string): Buffer | undefined =>
  lastMember(text, (found) => found === name || found.toLowerCase() === name);

function lastMember(text: Buffer, isWanted: (name: string) => boolean): Buffer | undefined {
  let found: Buffer | undefined;
  let at = skipBlank(text, 0);
  if (text[at] !== 0x7b) return undefined;
  at = skipBlank(text, at + 1);
  while (at < text.length && text[at] !== 0x7d) {
    const nameEnd = valueEnd(text, at);
    const valueStart = skipBlank(text, skipBlank(text, nameEnd) + 1);
    const end = valueEnd(text, valueStart);
    if (isWanted(JSON.parse(text.toString('utf8', at, nameEnd)))) found = text.subarray(valueStart, end);
    at = nextPart(text, end);
  }
  return found;
}

function skipBlank(text: Buffer, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const byte = text[at]!;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
  }
  return at;
}

/** Past the blanks and the comma behind a value. */
function nextPart(text: Buffer, from: number): number {
  const at = skipBlank(text, from);
  return text[at] === 0x2c ? skipBlank(text, at + 1) : at;
}

function valueEnd(text: Buffer, start: number): number {
  const first = text[start]!;
  if (first === quote) return stringEnd(text, start);
  if (!opening.has(first)) {
    let at = start;
    while (at < text.length && !afterScalar.has(text[at]!)) at++;
    return at;
  }
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === quote) at = stringEnd(text, at) - 1;
    else if (opening.has(byte)) depth++;
    else if (closing.has(byte) && --depth === 0) return at + 1;
  }
  return text.length;
}

function stringEnd(text: Buffer, start: number): number {
  let end = text.indexOf(quote, start + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf(quote, end + 1);
  return end < 0 ? text.length : end + 1;
}

function isEscaped(text: Buffer, at: number): boolean {
  let before = at - 1;
  while (text[before] === backslash) before--;
  return (at - before) % 2 === 0;
}
