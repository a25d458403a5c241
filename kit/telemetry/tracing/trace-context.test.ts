import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { formatTraceBin, formatTraceparent, parseTraceBin, parseTraceparent } from './trace-context.ts';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const context = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  spanId: '00f067aa0ba902b7',
  sampled: true,
  state: undefined,
};

describe('parseTraceparent', () => {
  it('reads what the W3C writes, and writes it back', () => {
    expect(parseTraceparent(traceparent)).toEqual(context);
    expect(formatTraceparent(context)).toBe(traceparent);
  });

  it('takes a later version with more parts', () => {
    expect(parseTraceparent(`cc${traceparent.slice(2)}-what-comes-later`)).toEqual(context);
  });

  it('keeps the state unread, unless it is too long', () => {
    expect(parseTraceparent(traceparent, 'a=1,b=2')?.state).toBe('a=1,b=2');
    expect(parseTraceparent(traceparent, `a=${'x'.repeat(600)}`)?.state).toBeUndefined();
  });

  it.each([
    undefined,
    '',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
    `${traceparent}-more`,
  ])('starts a new trace for %p', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (parent, state) => void parseTraceparent(parent, state)));
  });
});

describe('parseTraceBin', () => {
  it('reads back what formatTraceBin writes', () => {
    expect(formatTraceBin(context)).toHaveLength(29);
    expect(parseTraceBin(formatTraceBin(context))).toEqual(context);
    expect(parseTraceBin(formatTraceBin({ ...context, sampled: false }))?.sampled).toBe(false);
  });

  it('never throws, and gives nothing for other bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 28 }), (bytes) => parseTraceBin(bytes) === undefined));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void parseTraceBin(bytes)));
  });
});
