import type { Registry } from 'prom-client';
import { boundCounter, boundHistogram } from '#kit/telemetry/bound-series.ts';

/** Counts one event, and where it is given notes how long it took, in milliseconds. */
export type Measure = (milliseconds?: number) => void;

export type MeasureOptions = {
  registry: Registry;
  /** Stands before `_count` and `_latencies`, such as `dapr_component_state`. */
  metric: string;
  /** What it counts, for the help of the metrics. */
  of: string;
  /** In the alphabet's order. */
  labelNames: readonly string[];
  buckets: readonly number[];
};

/**
 * Makes a counter and a histogram of the same labels; asked for the values of the labels, in their order, it answers
 * what counts there, the same each time.
 */
export function measures({ registry, metric, of, labelNames, buckets }: MeasureOptions) {
  const counter = boundCounter(registry, { name: `${metric}_count`, help: `${of}.` });
  const histogram = boundHistogram(registry, {
    ...{ name: `${metric}_latencies`, help: `${of}: latency in milliseconds.`, buckets },
  });
  const known = new Map<string, Measure>();
  return (...values: string[]): Measure => {
    const key = values.join('\0');
    const found = known.get(key);
    if (found) return found;
    const labels = Object.fromEntries(labelNames.map((name, i) => [name, values[i]!]));
    const [count, latency] = [counter(labels), histogram(labels)];
    const measure: Measure = (milliseconds) => {
      count.inc();
      if (milliseconds !== undefined) latency.observe(milliseconds);
    };
    known.set(key, measure);
    return measure;
  };
}
