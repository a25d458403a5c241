import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { jsonSplitter } from './json-splitter.ts';

const texts = (parts: Buffer[]) => parts.map((part) => part.toString('utf8'));

describe('jsonSplitter', () => {
  it('parts objects that come without newlines', () => {
    expect(texts(jsonSplitter().push(Buffer.from('{"a":1}{"b":{"c":2}} \n{"d":"}{"}')))).toEqual([
      '{"a":1}',
      '{"b":{"c":2}}',
      '{"d":"}{"}',
    ]);
  });

  it('knows when an object has not ended', () => {
    const splitter = jsonSplitter();
    expect(splitter.push(Buffer.from('{"a":"\\"'))).toEqual([]);
    expect(splitter.pending()).toBe(true);
    expect(texts(splitter.push(Buffer.from('"}')))).toEqual(['{"a":"\\""}']);
    expect(splitter.pending()).toBe(false);
  });

  it('gives back every object whole, however the bytes are cut', () => {
    const object = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue());
    const gap = fc.constantFrom('', '\n', '\r\n', ' \t');
    const stream = fc.array(fc.tuple(object, gap), { maxLength: 8 });
    fc.assert(
      fc.property(stream, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.map(([value, space]) => JSON.stringify(value) + space).join(''));
        const splitter = jsonSplitter();
        const found: string[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length]!;
          found.push(...texts(splitter.push(bytes.subarray(at, at + size))));
          at += size;
        }
        expect(found).toEqual(parts.map(([value]) => JSON.stringify(value)));
        expect(splitter.pending()).toBe(false);
      }),
    );
  });

  it('never does worse than a fault on bytes that are not JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          jsonSplitter().push(Buffer.from(bytes));
        } catch (thrown) {
          expect(thrown).toMatchObject({ key: 'malformed-request' });
        }
      }),
    );
  });

  it('refuses what is not an object and what is too large', () => {
    expect(() => jsonSplitter().push(Buffer.from('<html>'))).toThrow('something else than JSON objects');
    expect(() => jsonSplitter(10).push(Buffer.from('{"a":"01234567890"}'))).toThrow('larger than 10 bytes');
  });
});
