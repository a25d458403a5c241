import { implement } from '#kit/grpc/service.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { loopback } from '#kit/testing/loopback.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { Status } from '#proto/outrigger/operator/v1/status_pb.js';
import { startStatusReporter } from './status-report.ts';

type Told = { name: string; generation: number; loaded: boolean; error: string }[];

function setUp(services = true) {
  const told: Told[] = [];
  const problems: string[] = [];
  const kinds: string[][] = [];
  const service = implement(Status, {
    async reportComponents({ components, problems: reported, kinds: followed }) {
      kinds.push(followed);
      problems.push(
        reported.map((one) => `${one.kind} ${one.name} ${one.observedGeneration}: ${one.error}`).join('\n'),
      );
      told.push(
        components.map(({ name, observedGeneration, loaded, error }) => ({
          ...{ name, generation: Number(observedGeneration), loaded, error },
        })),
      );
      return {};
    },
  });
  const abort = new AbortController();
  const reporter = startStatusReporter({
    transport: loopback(services ? [service] : []),
    ...{ namespace: 'prod', podName: 'shop-1', log: silentLogger, signal: abort.signal },
    clock: { now: () => 0, pause: async () => {} },
  });
  return { told, problems, kinds, reporter, abort };
}

describe('the report of a sidecar to the operator', () => {
  it('tells the whole picture each time, with why a component is not loaded', async () => {
    const { told, reporter, abort } = setUp();
    reporter.report({ name: 'orders', generation: 2, error: undefined });
    reporter.report({ name: 'bus', generation: 1, error: 'no broker' });
    await reporter.flush();
    expect(told.at(-1)).toEqual([
      { name: 'orders', generation: 2, loaded: true, error: '' },
      { name: 'bus', generation: 1, loaded: false, error: 'no broker' },
    ]);
    reporter.forget('bus');
    await reporter.flush();
    expect(told.at(-1)?.map(({ name }) => name)).toEqual(['orders']);
    abort.abort();
  });

  it('tells what is wrong with resources of other kinds, each kind by itself, until it no longer is', async () => {
    const { problems, kinds, reporter, abort } = setUp();
    reporter.problems('Resiliency', [{ name: 'shop', generation: 3, error: 'no such policy' }]);
    reporter.problems('Subscription', [{ name: 'orders', generation: 1, error: 'no such rule' }]);
    await reporter.flush();
    expect(problems.at(-1)).toBe('Resiliency shop 3: no such policy\nSubscription orders 1: no such rule');
    reporter.problems('Resiliency', []);
    await reporter.flush();
    expect(problems.at(-1)).toBe('Subscription orders 1: no such rule');
    expect(kinds.at(-1)).toEqual(['Resiliency', 'Subscription']);
    abort.abort();
  });

  it('passes over an operator that does not know the call', async () => {
    const { reporter, abort } = setUp(false);
    reporter.report({ name: 'orders', generation: 1, error: undefined });
    await expect(reporter.flush()).resolves.toBeUndefined();
    abort.abort();
  });
});
