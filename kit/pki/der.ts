/**
 * A writer of the DER subset that certificates and certificate requests need (X.690, RFC 5280). Every function answers
 * the full encoding, tag and length included.
 */

const tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

/** One element: a tag byte, the length of the parts together, the parts. */
export function derElement(tagByte: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const part of parts) length += part.length;
  const head = lengthBytes(length);
  const out = Buffer.allocUnsafe(1 + head.length + length);
  out[0] = tagByte;
  let at = 1;
  for (const byte of head) out[at++] = byte;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const derSequence = (...parts: readonly Uint8Array[]): Buffer => derElement(tag.sequence, ...parts);
export const derSet = (...parts: readonly Uint8Array[]): Buffer => derElement(tag.set, ...parts);
export const derOctetString = (bytes: Uint8Array): Buffer => derElement(tag.octetString, bytes);
export const derUtf8String = (text: string): Buffer => derElement(tag.utf8String, Buffer.from(text));
export const derTrue: Buffer = derElement(tag.boolean, Buffer.from([0xff]));

/** A bit string of whole bytes, or of the leading bits when `unusedBits` of the last byte do not count. */
export const derBitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  derElement(tag.bitString, Buffer.from([unusedBits]), bytes);

/** A whole number that is not negative, given as big-endian bytes; leading zeros are dropped. */
export function derUnsigned(bytes: Uint8Array): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const magnitude = bytes.subarray(from);
  return magnitude[0]! >= 0x80
    ? derElement(tag.integer, Buffer.from([0]), magnitude)
    : derElement(tag.integer, magnitude);
}

/** `[n]` around complete elements (constructed), as EXPLICIT tags and X.509's extension list are. */
export const derContext = (n: number, ...parts: readonly Uint8Array[]): Buffer => derElement(0xa0 | n, ...parts);

/** `[n]` in place of a primitive's own tag (IMPLICIT), as general names are. */
export const derContextPrimitive = (n: number, bytes: Uint8Array): Buffer => derElement(0x80 | n, bytes);

/** An object identifier from its dotted form. */
export function derOid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const bytes = [first! * 40 + second!, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return derElement(tag.oid, Buffer.from(bytes));
}

/** A point in time to the second: UTCTime until 2049, GeneralizedTime after, as RFC 5280 §4.1.2.5 asks. */
export function derTime(time: Date): Buffer {
  const digits = time.toISOString().replace(/[-:T]|\.\d+/g, '');
  return time.getUTCFullYear() < 2050
    ? derElement(tag.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : derElement(tag.generalizedTime, Buffer.from(digits, 'latin1'));
}
