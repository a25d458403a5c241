import { fault } from '#kit/errors/fault.ts';

/** One decoded element; all buffers are views of the input. */
export type DerNode = {
  /** The tag byte with its class and constructed bits (0x30 sequence, 0xa3 `[3]`). */
  tag: number;
  content: Buffer;
  /** Tag, length and content. */
  raw: Buffer;
};

const malformed = (what: string) => fault('bad-request', `malformed DER: ${what}`);

/** Reads one element that must fill the bytes. Throws `bad-request` for anything but definite, minimal DER lengths. */
export function readDer(bytes: Buffer): DerNode {
  const { node, end } = readAt(bytes, 0);
  if (end !== bytes.length) throw malformed('bytes after the element');
  return node;
}

/** The elements inside a constructed element, in order. */
export function readDerChildren(node: DerNode): DerNode[] {
  const children: DerNode[] = [];
  for (let at = 0; at < node.content.length; ) {
    const { node: child, end } = readAt(node.content, at);
    children.push(child);
    at = end;
  }
  return children;
}

/** As readDerChildren of an element that must be a sequence. */
export function readDerSequence(bytes: Buffer): DerNode[] {
  const node = readDer(bytes);
  if (node.tag !== 0x30) throw malformed('expected a sequence');
  return readDerChildren(node);
}

/** The whole bytes of a bit string. */
export function readDerBits(node: DerNode | undefined): Buffer {
  if (node?.tag !== 0x03 || node.content.length === 0 || node.content[0] !== 0)
    throw malformed('expected a bit string of whole bytes');
  return node.content.subarray(1);
}

/** The dotted form of an object identifier. */
export function readDerOid(node: DerNode | undefined): string {
  if (node?.tag !== 0x06 || node.content.length === 0) throw malformed('expected an object identifier');
  const arcs: number[] = [];
  let value = 0;
  for (const byte of node.content) {
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) throw malformed('an object identifier out of range');
    if (byte < 0x80) {
      arcs.push(value);
      value = 0;
    }
  }
  if (node.content.at(-1)! >= 0x80) throw malformed('a cut off object identifier');
  const [head, ...rest] = arcs;
  const first = Math.min(2, Math.floor(head! / 40));
  return [first, head! - first * 40, ...rest].join('.');
}

function readAt(bytes: Buffer, at: number): { node: DerNode; end: number } {
  const tagByte = bytes[at];
  if (tagByte === undefined) throw malformed('empty input');
  if ((tagByte & 0x1f) === 0x1f) throw malformed('a tag of several bytes');
  const { length, start } = readLength(bytes, at + 1);
  const end = start + length;
  if (end > bytes.length) throw malformed('an element longer than its container');
  return { node: { tag: tagByte, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) }, end };
}

function readLength(bytes: Buffer, at: number): { length: number; start: number } {
  const first = bytes[at];
  if (first === undefined) throw malformed('a missing length');
  if (first < 0x80) return { length: first, start: at + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 4 || at + 1 + count > bytes.length) throw malformed('a bad length');
  const length = bytes.readUIntBE(at + 1, count);
  if (length < 0x80 || bytes[at + 1] === 0) throw malformed('a length that is not minimal');
  return { length, start: at + 1 + count };
}
