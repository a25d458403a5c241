import { Counter, Histogram, type Registry } from 'prom-client';
import type { Kind } from '../blocks/kind.ts';
import type { Observe } from '../registry.ts';

/** Bounds of latency histograms, in milliseconds, where the Configuration has none. Source: Dapr `pkg/config`. */
export const latencyBuckets = [
  1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1_000,
  2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];

const labelNames = ['app_id', 'component', 'namespace', 'operation', 'success'] as const;
type Label = (typeof labelNames)[number];
type Series = { count: Counter<Label>; latencies: Histogram<Label> };

/** Makes what counts the uses of components: `dapr_component_<kind>_count` and `…_latencies`. */
export function componentMetrics(
  registry: Registry,
  of: { appId: string; namespace: string },
  buckets: readonly number[] = latencyBuckets,
): (kind: Kind, name: string) => Observe {
  const perKind = new Map<string, Series>();
  const series = (metric: string): Series => {
    const found = perKind.get(metric) ?? register(registry, metric, buckets);
    perKind.set(metric, found);
    return found;
  };
  return (kind, component) => {
    const { count, latencies } = series(kind.metric);
    const bound = new Map<string, { inc(): void; observe(ms: number): void }>();
    const child = (operation: string, success: boolean) => {
      const labels = { app_id: of.appId, component, namespace: of.namespace, operation, success: String(success) };
      const counter = count.labels(labels);
      const histogram = latencies.labels(labels);
      return { inc: () => counter.inc(), observe: (ms: number) => histogram.observe(ms) };
    };
    return (action, success, milliseconds) => {
      const key = success ? action : `!${action}`;
      let one = bound.get(key);
      if (one === undefined) {
        one = child(action, success);
        bound.set(key, one);
      }
      one.inc();
      one.observe(milliseconds);
    };
  };
}

function register(registry: Registry, metric: string, buckets: readonly number[]): Series {
  const registers = [registry];
  return {
    count: new Counter({
      name: `dapr_component_${metric}_count`,
      help: `Calls of ${metric} components.`,
      labelNames,
      registers,
    }),
    latencies: new Histogram({
      name: `dapr_component_${metric}_latencies`,
      help: `Latency of calls of ${metric} components, in milliseconds.`,
      labelNames,
      buckets: [...buckets],
      registers,
    }),
  };
}
