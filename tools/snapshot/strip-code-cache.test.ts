import { describe, expect, it } from '#kit/testing/test.ts';
import { stripCodeCache } from './strip-code-cache.ts';

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const module = (name: string, code: Buffer): Buffer[] => [
  number(name.length),
  Buffer.from(name),
  number(code.length),
  code,
];
const code = (text: string): Buffer => Buffer.concat([Buffer.of(0xa9, 0x06, 0xde, 0xc0), Buffer.from(text)]);

describe('a snapshot with compiled code of Node', () => {
  it('is what stands before it, and an empty list', () => {
    const heap = Buffer.concat([Buffer.from('heap'), code('among the heap'), number(2)]);
    const list = [number(2), ...module('vm', code('one')), ...module('internal/net', code('two'))];
    expect(stripCodeCache(Buffer.concat([heap, ...list]))).toEqual(Buffer.concat([heap, number(0)]));
  });

  it('is refused in a form that is not known', () => {
    const list = [number(2), ...module('vm', code('one'))];
    expect(() => stripCodeCache(Buffer.concat(list))).toThrow('has its form changed?');
    expect(() => stripCodeCache(Buffer.from('heap'))).toThrow('has its form changed?');
  });
});
