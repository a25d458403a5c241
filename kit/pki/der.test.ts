import fc from 'fast-check';
import { Fault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { derBitString, derElement, derOid, derSequence, derTime, derUnsigned } from './der.ts';
import { readDer, readDerBits, readDerChildren, readDerOid } from './der-reader.ts';

describe('DER', () => {
  it('reads back what it writes, of any length', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), (parts) => {
        const elements = parts.map((part) => derBitString(part));
        const children = readDerChildren(readDer(derSequence(...elements)));
        expect(children.map((child) => [...readDerBits(child)])).toEqual(parts.map((part) => [...part]));
      }),
    );
  });

  it('writes numbers without a sign and without leading zeros', () => {
    expect(derUnsigned(Buffer.from([0, 0, 0x80]))).toEqual(Buffer.from([2, 2, 0, 0x80]));
    expect(derUnsigned(Buffer.from([0]))).toEqual(Buffer.from([2, 1, 0]));
  });

  it('reads back object identifiers', () => {
    for (const oid of ['2.5.29.17', '1.3.6.1.4.1.57683.100.1', '1.2.840.113549.1.1.11'])
      expect(readDerOid(readDer(derOid(oid)))).toBe(oid);
  });

  it('writes times to the second, with four digits of year from 2050', () => {
    expect(derTime(new Date('2049-12-31T23:59:59.900Z')).subarray(2).toString()).toBe('491231235959Z');
    expect(derTime(new Date('2050-01-01T00:00:00Z')).subarray(2).toString()).toBe('20500101000000Z');
  });

  it.each([
    ['a length that is not minimal', Buffer.from([0x30, 0x81, 0x01, 0x00])],
    ['an indefinite length', Buffer.from([0x30, 0x80, 0, 0])],
    ['a length beyond its container', Buffer.from([0x30, 0x05, 0])],
    ['bytes after the element', Buffer.from([0x05, 0x00, 0x00])],
    ['a tag of several bytes', Buffer.from([0x1f, 0x81, 0x00, 0x00])],
    ['nothing', Buffer.alloc(0)],
  ])('refuses %s', (_name, bytes) => {
    expect(() => readDer(bytes)).toThrow(Fault);
  });

  it('joins an element of many parts', () => {
    expect(derElement(0x04, Buffer.from('ab'), Buffer.from('c'))).toEqual(Buffer.from([4, 3, 97, 98, 99]));
  });
});
