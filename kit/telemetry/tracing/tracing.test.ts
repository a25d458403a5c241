import { describe, expect, it } from '#kit/testing/test.ts';
import { createTracing, type FinishedSpan, parseSamplingRate } from './tracing.ts';

function tracing(ratio: number) {
  const recorded: FinishedSpan[] = [];
  const clock = { ms: 1_000 };
  let seed = 0;
  const made = createTracing({
    ratio,
    record: (span) => recorded.push(span),
    now: () => clock.ms,
    fill: (bytes) => bytes.fill(++seed),
  });
  return { made, recorded, clock };
}

const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true, state: 's=1' };

describe('tracing', () => {
  it('records a sampled span with its time, attributes and error', () => {
    const { made, recorded, clock } = tracing(1);
    const span = made.start('GET /x', 'client', undefined);
    span.set({ a: '1' });
    span.rename('GetState');
    clock.ms = 1_005;
    span.end('boom');
    span.end();
    expect(recorded).toEqual([
      {
        name: 'GetState',
        kind: 'client',
        context: span.context,
        parentSpanId: undefined,
        startMs: 1_000,
        endMs: 1_005,
        attributes: { a: '1' },
        error: 'boom',
      },
    ]);
  });

  it('goes on with the trace that comes in, and with its decision', () => {
    const { made, recorded } = tracing(0);
    const span = made.start('x', 'server', parent);
    expect(span.context).toMatchObject({ traceId: parent.traceId, sampled: true, state: 's=1' });
    expect(span.context.spanId).not.toBe(parent.spanId);
    span.end();
    expect(recorded[0]!.parentSpanId).toBe(parent.spanId);
    expect(tracing(1).made.start('x', 'server', { ...parent, sampled: false }).sampled).toBe(false);
  });

  it('passes the context of others on as it is where it takes no part', () => {
    const span = createTracing({ ratio: 0, aside: true }).start('x', 'server', parent);
    expect([span.context, span.sampled]).toEqual([parent, false]);
  });

  it('gives a new trace an identity even where it is not sampled', () => {
    const span = createTracing({ ratio: 0 }).start('x', 'server', undefined);
    expect(span.context.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(span.context.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span.sampled).toBe(false);
  });

  it('samples about the ratio of new traces', () => {
    const made = createTracing({ ratio: 0.5, record: () => {} });
    const sampled = Array.from({ length: 2_000 }, () => made.start('x', 'server', undefined).sampled).filter(
      Boolean,
    ).length;
    expect(sampled).toBeGreaterThan(800);
    expect(sampled).toBeLessThan(1_200);
  });

  it('describes its sampler in the words of Dapr', () => {
    expect(createTracing({ ratio: 1 }).description).toContain('root:AlwaysOnSampler');
    expect(createTracing({ ratio: 0 }).description).toContain('root:TraceIDRatioBased{0}');
  });
});

describe('parseSamplingRate', () => {
  it.each([
    [undefined, 1e-4],
    ['', 1e-4],
    ['x', 1e-4],
    ['0', 0],
    ['1', 1],
    ['0.25', 0.25],
  ])('reads %p as %d', (text, ratio) => {
    expect(parseSamplingRate(text)).toBe(ratio);
  });
});
