import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from '#kit/testing/test.ts';
import { ReportComponentsRequestSchema } from '#proto/outrigger/operator/v1/status_pb.js';
import { openReports } from './reports.ts';

const shop = (report: MessageInitShape<typeof ReportComponentsRequestSchema>) =>
  create(ReportComponentsRequestSchema, { namespace: 'shop', podName: 'till-1', ...report });
const problem = (name: string, error: string) => ({ kind: 'Resiliency', name, observedGeneration: 2n, error });

describe('what sidecars reported', () => {
  it('is news once: components and problems that came, changed or went', () => {
    const reports = openReports();
    const components = [{ name: 'orders', observedGeneration: 1n, loaded: true, error: '' }];
    const problems = [problem('calls', 'no such policy'), problem('other', 'no such target')];
    expect(reports.take(shop({ components, problems, kinds: ['Resiliency'] }), 0)).toEqual({
      moreKinds: true,
      components: ['orders'],
      resources: [
        { kind: 'Resiliency', name: 'calls' },
        { kind: 'Resiliency', name: 'other' },
      ],
    });
    const nothing = { moreKinds: false, components: [], resources: [] };
    expect(reports.take(shop({ components, problems, kinds: ['Resiliency'] }), 1)).toEqual(nothing);
    const changed = [problem('calls', 'no such target')];
    expect(reports.take(shop({ problems: changed }), 2)).toEqual({
      moreKinds: false,
      components: ['orders'],
      resources: [
        { kind: 'Resiliency', name: 'calls' },
        { kind: 'Resiliency', name: 'other' },
      ],
    });
  });

  it('is known by pod, until the pod is forgotten', () => {
    const reports = openReports();
    reports.take(shop({ problems: [problem('calls', 'no such policy')], kinds: ['Resiliency'] }), 0);
    expect(reports.tells('shop/till-1', 'Resiliency')).toBe(true);
    expect(reports.tells('shop/till-1', 'Subscription')).toBe(false);
    const known = { kind: 'Resiliency', name: 'calls', generation: 2, error: 'no such policy' };
    expect(reports.problem('shop/till-1', 'Resiliency', 'calls')).toEqual(known);
    expect(reports.problem('shop/till-1', 'Subscription', 'calls')).toBeUndefined();
    expect(reports.problem('shop/till-2', 'Resiliency', 'calls')).toBeUndefined();
    reports.forget('shop/till-1');
    expect(reports.tells('shop/till-1', 'Resiliency')).toBe(false);
    expect(reports.problem('shop/till-1', 'Resiliency', 'calls')).toBeUndefined();
  });
});
