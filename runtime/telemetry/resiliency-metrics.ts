import { Counter, Gauge, type Registry } from 'prom-client';
import type { BreakerState } from '../policy/resiliency/breaker.ts';
import type { WatchTarget } from '../policy/resiliency/resolve.ts';
import type { PolicyPart, PolicyWatch } from '../policy/resiliency/run.ts';

/** The Resiliency resource that policies are labelled with. */
export type ResiliencyLabel = { name: string; namespace: string };

export type ResiliencyMetrics = {
  /** A resource was read and is in use. */
  loaded(resource: ResiliencyLabel): void;
  /** What makes the watch of each target's policies. */
  watch(resource: ResiliencyLabel): WatchTarget;
};

const labelNames = ['app_id', 'flow_direction', 'name', 'namespace', 'policy', 'status', 'target'] as const;
// Dapr shows a fourth state, which no breaker takes.
const states = ['closed', 'half-open', 'open', 'unknown'] as const satisfies readonly (BreakerState | 'unknown')[];

/** Makes what counts the uses of policies under Dapr's names: `dapr_resiliency_{loaded,count,activations_total,cb_state}`. */
export function resiliencyMetrics(registry: Registry, appId: string): ResiliencyMetrics {
  const series = register(registry);
  return {
    loaded: ({ name, namespace }) => series.loaded.inc({ app_id: appId, name, namespace }),
    watch(resource) {
      const watches = new Map<string, PolicyWatch>();
      // All policies of a target share one, as they share its series.
      return ({ target, direction }) => {
        const key = `${direction} ${target}`;
        const labels = { app_id: appId, flow_direction: direction, ...resource, target };
        const watch = watches.get(key) ?? watchOf(series, labels);
        watches.set(key, watch);
        return watch;
      };
    },
  };
}

type Series = ReturnType<typeof register>;
type TargetLabels = Record<'app_id' | 'flow_direction' | 'name' | 'namespace' | 'target', string>;

function watchOf(series: Series, { target, ...of }: TargetLabels): PolicyWatch {
  const labels = (policy: PolicyPart, status = '') => ({ ...of, policy, status, target });
  // Children are bound at first use, so that a call costs no hashing of labels.
  const counts = new Map<string, { inc(): void }>();
  let shown: BreakerState | undefined;
  const show = (state: BreakerState): void => {
    if (state === shown) return;
    shown = state;
    for (const one of states) series.state.set(labels('circuitbreaker', one), one === state ? 1 : 0);
  };
  return {
    began(part, status) {
      const key = status ?? part;
      const count = counts.get(key) ?? series.count.labels(labels(part, status));
      counts.set(key, count);
      count.inc();
      if (status !== undefined) show(status);
    },
    activated: (part, status) => series.activations.inc(labels(part, status)),
  };
}

function register(registry: Registry) {
  const registers = [registry];
  return {
    loaded: new Counter({
      name: 'dapr_resiliency_loaded',
      help: 'Resiliency resources read.',
      labelNames: ['app_id', 'name', 'namespace'] as const,
      registers,
    }),
    count: new Counter({
      name: 'dapr_resiliency_count',
      help: 'Calls made under a policy, by its parts.',
      labelNames,
      registers,
    }),
    activations: new Counter({
      name: 'dapr_resiliency_activations_total',
      help: 'Times a policy stepped in.',
      labelNames,
      registers,
    }),
    state: new Gauge({
      name: 'dapr_resiliency_cb_state',
      help: '1 for the state a breaker is in, else 0.',
      labelNames,
      registers,
    }),
  };
}
