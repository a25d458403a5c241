import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { jsonField, jsonItems, jsonMember } from './json-spans.ts';

const text = (parts: Buffer[]) => parts.map(String);

describe('jsonItems', () => {
  it('gives each item as it was written', () => {
    expect(text(jsonItems(Buffer.from(' [ 1.0 , "a\\"]" ,{"x" : [ ]},null ] ')))).toEqual([
      '1.0',
      '"a\\"]"',
      '{"x" : [ ]}',
      'null',
    ]);
    expect(jsonItems(Buffer.from('{}'))).toEqual([]);
  });

  it('finds the items of every array', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'), (items, space) => {
        const found = jsonItems(Buffer.from(JSON.stringify(items, undefined, space)));
        expect(found.map((item) => JSON.parse(String(item)))).toEqual(JSON.parse(JSON.stringify(items)));
      }),
    );
  });
});

describe('jsonMember', () => {
  it('gives the value as it was written, the last of its name', () => {
    const object = Buffer.from('{"value":1, "v\\u0061lue" : 123456789012345678901.0 ,"other":"value"}');
    expect(String(jsonMember(object, 'value'))).toBe('123456789012345678901.0');
    expect(jsonMember(object, 'none')).toBeUndefined();
  });

  it('may be asked for a name in any case of letters', () => {
    const object = Buffer.from('{"value":1,"Value":2}');
    expect([String(jsonMember(object, 'value')), String(jsonField(object, 'value'))]).toEqual(['1', '2']);
  });

  it('finds the members of every object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const bytes = Buffer.from(JSON.stringify(object));
        for (const [name, value] of Object.entries(JSON.parse(String(bytes)))) {
          expect(JSON.parse(String(jsonMember(bytes, name)))).toEqual(value);
        }
      }),
    );
  });
});
