import { describe, expect, it } from '#kit/testing/test.ts';
import { stateItem } from './rest-item.ts';

const read = (json: string) => stateItem(Buffer.from(json), JSON.parse(json), { ttlInSeconds: '5' });

describe('an item of the REST API', () => {
  it('keeps its value as it was written, null where there is none', () => {
    expect(String(read('{"key":"a","value": 1.0}').value)).toBe('1.0');
    expect(String(read('{"key":"a"}').value)).toBe('null');
  });

  it('is read whatever the case of its names, as Go programs may write them', () => {
    const item = read(
      '{"Key":"a","Value":[1],"ETag":"7","Metadata":{"X":"y"},"Options":{"Concurrency":"first-write"}}',
    );
    expect({ ...item, value: String(item.value) }).toEqual({
      ...{ key: 'a', value: '[1]', etag: { value: '7' }, metadata: { X: 'y', ttlInSeconds: '5' } },
      options: { concurrency: 1, consistency: 0 },
    });
  });

  it('says which part has a wrong form', () => {
    expect(() => read('[]')).toThrow('a state item must be an object');
    expect(() => read('{"key":1}')).toThrow('"key" must be a text');
    expect(() => read('{"Options":1}')).toThrow('"options" must be an object');
  });
});
