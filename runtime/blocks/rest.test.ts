import { describe, expect, it } from '#kit/testing/test.ts';
import { metadataOf } from './rest.ts';

describe('metadata of a REST body', () => {
  it('are texts by name; none are an empty object', () => {
    expect([metadataOf({ metadata: { a: 'b' } }), metadataOf({}), metadataOf({ metadata: null })]).toEqual([
      { a: 'b' },
      {},
      {},
    ]);
  });

  it('are refused where they are something else', () => {
    expect(() => metadataOf({ metadata: { path: 5 } })).toThrow('metadata "path" must be a text');
    expect(() => metadataOf({ metadata: [] })).toThrow('"metadata" must be an object');
  });
});
