import type { Metric, Registry } from 'prom-client';
import { boundText } from './bound-text.ts';
import { type Labels, RuledRegistry } from './label-rules.ts';

type About = { name: string; help: string };
type Value = { metricName?: string; labels: Record<string, string | number>; value: number };

/** Counts one combination of labels. */
export type BoundCounter = { inc(by?: number): void };

/** Measures one combination of labels. */
export type BoundHistogram = { observe(figure: number): void };

/**
 * A counter for paths that are run for every request: its labels are bound once, and counting is an addition, where
 * prom-client checks and hashes them each time. Bind a combination once and keep it; it is shown from its first use on.
 */
export function boundCounter(registry: Registry, about: About): (labels: Labels) => BoundCounter {
  const series: { labels: Labels; count: number }[] = [];
  register(registry, about, 'counter', () =>
    series.filter(({ count }) => count > 0).map(({ labels, count }) => ({ labels, value: count })),
  );
  return joined(registry, about.name, (labels) => {
    const one = { labels, count: 0 };
    series.push(one);
    return {
      inc(by = 1) {
        one.count += by;
      },
    };
  });
}

/** A histogram of the same kind. `buckets` are upper bounds in rising order. */
export function boundHistogram(
  registry: Registry,
  { buckets, ...about }: About & { buckets: readonly number[] },
): (labels: Labels) => BoundHistogram {
  const bounds = Float64Array.from(buckets);
  const texts = buckets.map(boundText);
  const series: Distribution[] = [];
  register(registry, about, 'histogram', () =>
    series.filter(({ count }) => count > 0).flatMap((one) => distributionValues(about.name, texts, one)),
  );
  return joined(registry, about.name, (labels) => {
    const one: Distribution = { labels, counts: new Float64Array(bounds.length), sum: 0, count: 0 };
    series.push(one);
    return {
      observe(figure) {
        one.sum += figure;
        one.count++;
        const at = firstAtLeast(bounds, figure);
        if (at < bounds.length) one.counts[at]!++;
      },
    };
  });
}

/** Where rules can make labels the same, those which are share a series. */
function joined<T>(registry: Registry, name: string, bind: (labels: Labels) => T): (labels: Labels) => T {
  const relabel = registry instanceof RuledRegistry ? registry.relabel(name) : undefined;
  if (relabel === undefined) return bind;
  const series = new Map<string, T>();
  return (given) => {
    const labels = relabel(given);
    const key = JSON.stringify(labels);
    const found = series.get(key) ?? bind(labels);
    series.set(key, found);
    return found;
  };
}

/** `counts[i]` are the figures above bound `i - 1` and up to bound `i`; those above all bounds are in `count` only. */
type Distribution = { labels: Labels; counts: Float64Array; sum: number; count: number };

function firstAtLeast(bounds: Float64Array, figure: number): number {
  let low = 0;
  for (let high = bounds.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (bounds[middle]! < figure) low = middle + 1;
    else high = middle;
  }
  return low;
}

function distributionValues(
  name: string,
  bounds: readonly string[],
  { labels, counts, sum, count }: Distribution,
): Value[] {
  let below = 0;
  const buckets = bounds.map((le, i) => {
    below += counts[i]!;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** What prom-client asks of a metric when it is read. */
function register(registry: Registry, about: About, type: string, values: () => Value[]): void {
  const metric = { ...about, type, aggregator: 'sum', get: async () => ({ ...about, type, values: values() }) };
  registry.registerMetric(metric as unknown as Metric);
}
