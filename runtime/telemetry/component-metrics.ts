import type { Registry } from 'prom-client';
import { type BoundCounter, type BoundHistogram, boundCounter, boundHistogram } from '#kit/telemetry/bound-series.ts';
import type { Kind } from '../blocks/kind.ts';
import type { Observe } from '../registry.ts';

/** Bounds of latency histograms, in milliseconds, where the Configuration has none. Source: Dapr `pkg/config`. */
export const latencyBuckets = [
  1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1_000,
  2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];

type Series = { count: ReturnType<typeof boundCounter>; latencies: ReturnType<typeof boundHistogram> };
type Bound = { count: BoundCounter; latencies: BoundHistogram };

/** Whose metrics they are: labels `app_id` and `namespace`, the latter empty where the environment names none. */
export type MeasuredApp = { appId: string; namespace: string };

/**
 * Makes what counts the uses of components: `dapr_component_<kind>_count` and `…_latencies`; nothing for kinds that are
 * counted where they are used.
 */
export function componentMetrics(
  registry: Registry,
  of: MeasuredApp,
  buckets: readonly number[] = latencyBuckets,
): (kind: Kind, name: string) => Observe | undefined {
  const perKind = new Map<string, Series>();
  const series = (metric: string): Series => {
    const found = perKind.get(metric) ?? register(registry, metric, buckets);
    perKind.set(metric, found);
    return found;
  };
  return ({ metric }, component) => {
    if (metric === undefined) return undefined;
    const { count, latencies } = series(metric);
    const bind = (operation: string, success: boolean): Bound => {
      const labels = { app_id: of.appId, component, namespace: of.namespace, operation, success: String(success) };
      return { count: count(labels), latencies: latencies(labels) };
    };
    const good = new Map<string, Bound>();
    const bad = new Map<string, Bound>();
    return (action, success, milliseconds) => {
      const known = success ? good : bad;
      let one = known.get(action);
      if (one === undefined) {
        one = bind(action, success);
        known.set(action, one);
      }
      one.count.inc();
      one.latencies.observe(milliseconds);
    };
  };
}

function register(registry: Registry, metric: string, buckets: readonly number[]): Series {
  const name = `dapr_component_${metric}`;
  return {
    count: boundCounter(registry, { name: `${name}_count`, help: `Calls of ${metric} components.` }),
    latencies: boundHistogram(registry, {
      name: `${name}_latencies`,
      help: `Latency of calls of ${metric} components, in milliseconds.`,
      buckets,
    }),
  };
}
