import { eventually } from '#kit/testing/eventually.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { Binding } from '../binding.ts';
import { attach, serve } from '../wire/binding.ts';
import { bothWays, type Open } from './ways.ts';

export type BindingCases = {
  /** Makes the source send one event with exactly that body; for input bindings. */
  cause?: (binding: Binding, body: Uint8Array) => Promise<void>;
  /** An operation that succeeds, and what it answers; for output bindings. */
  invoke?: { operation: string; data: Uint8Array; metadata?: Readonly<Record<string, string>>; answers?: unknown };
};

/** What every binding must do; run it from the component's test. */
export function bindingConformance(name: string, open: Open<Binding>, cases: BindingCases): void {
  for (const [way, openThisWay] of bothWays(open, { serve, attach: attachIn(cases) })) {
    describe(`${name} ${way}`, () => {
      let binding: Binding;
      let stop: AbortController;
      beforeEach(async () => {
        binding = await openThisWay();
        stop = new AbortController();
      });
      afterEach(async () => {
        stop.abort();
        await binding[Symbol.asyncDispose]();
      });

      if (cases.cause) reads(() => ({ binding, signal: stop.signal }), cases.cause);
      if (cases.invoke) invokes(() => binding, cases.invoke);
    });
  }
}

const attachIn =
  (cases: BindingCases): typeof attach =>
  (transport, options) =>
    attach(transport, { ...options, input: cases.cause !== undefined, output: cases.invoke !== undefined });

function reads(
  subject: () => { binding: Binding; signal: AbortSignal },
  cause: NonNullable<BindingCases['cause']>,
): void {
  it('hands on each event and sends it again when the app fails', async () => {
    const { binding, signal } = subject();
    const body = new TextEncoder().encode('event');
    let tries = 0;
    await binding.read!(async (event) => {
      if (!Buffer.from(event.data).equals(body)) return undefined;
      tries += 1;
      if (tries === 1) throw new Error('not now');
      return undefined;
    }, signal);
    await eventually(async () => {
      if (tries === 0) await cause(binding, body);
      expect(tries).toBeGreaterThan(0);
    });
    await eventually(() => expect(tries).toBeGreaterThan(1));
  });
}

function invokes(subject: () => Binding, { answers, ...request }: NonNullable<BindingCases['invoke']>): void {
  it('lists the operations it has', () => {
    expect(subject().operations).toContain(request.operation);
  });

  it(`does ${request.operation}`, async () => {
    const response = await subject().invoke!(request);
    if (answers !== undefined) expect(response).toEqual(answers);
  });

  it('rejects an operation it does not have, naming it', async () => {
    await expect(subject().invoke!({ ...request, operation: 'no-such-operation' })).rejects.toThrow(
      'no-such-operation',
    );
  });
}
