import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from '#kit/testing/test.ts';
import { boundCounter, boundHistogram } from './bound-series.ts';

describe('a bound counter', () => {
  it('is shown with its labels from its first use on', async () => {
    const registry = new Registry();
    const bind = boundCounter(registry, { name: 'calls', help: 'Calls.' });
    const used = bind({ method: 'GetState' });
    bind({ method: 'SaveState' });
    used.inc();
    used.inc();
    expect(await registry.metrics()).toBe('# HELP calls Calls.\n# TYPE calls counter\ncalls{method="GetState"} 2\n');
  });
});

describe('a bound histogram', () => {
  it("shows what prom-client's own would", async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const about = { name: 'took', help: 'Took.', buckets: [1, 2, 5] };
    const bound = boundHistogram(ours, about)({ path: '/a' });
    const model = new Histogram({ ...about, labelNames: ['path'], registers: [theirs] });
    for (const figure of [0, 1, 1.5, 2, 4.9, 5, 5.1, 1000]) {
      bound.observe(figure);
      model.labels({ path: '/a' }).observe(figure);
    }
    const lines = (text: string) => text.replaceAll(/\{(.*)\}/g, (_, all) => `{${all.split(',').sort().join()}}`);
    expect(lines(await ours.metrics())).toBe(lines(await theirs.metrics()));
  });
});
