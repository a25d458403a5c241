import { Counter, Gauge, type Registry } from 'prom-client';

/** Counters of one informer, bound to its kind. */
export type InformerMetrics = {
  event(): void;
  relist(): void;
  restart(): void;
  stall(): void;
  missed(count: number): void;
  objects(count: number): void;
};

export type QueueMetrics = { depth(count: number): void; run(): void; retry(): void };

export type KubeMetrics = { informer(kind: string): InformerMetrics; queue(name: string): QueueMetrics };

/** The metrics of everything in kit/kube, in one registry. */
export function kubeMetrics(registry: Registry): KubeMetrics {
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name: `outrigger_kube_${name}`, help, labelNames: [label], registers: [registry] });
  const gauge = (name: string, help: string, label: string) =>
    new Gauge({ name: `outrigger_kube_${name}`, help, labelNames: [label], registers: [registry] });
  const events = counter('informer_events_total', 'Watch events received', 'kind');
  const relists = counter('informer_relists_total', 'Whole lists read', 'kind');
  const restarts = counter('informer_restarts_total', 'Lists or watches that failed and were started again', 'kind');
  const stalls = counter('informer_stalls_total', 'Watches dropped because nothing arrived for too long', 'kind');
  const missed = counter('informer_missed_events_total', 'Changes a watch never told of; should stay 0', 'kind');
  const objects = gauge('informer_objects', 'Objects held', 'kind');
  const depth = gauge('queue_depth', 'Keys waiting to be reconciled', 'queue');
  const runs = counter('queue_reconciles_total', 'Keys reconciled', 'queue');
  const retries = counter('queue_retries_total', 'Reconciliations that failed and will be tried again', 'queue');
  return {
    informer(kind) {
      const kept = missed.labels(kind);
      const held = objects.labels(kind);
      const [event, relist, restart, stall] = [events, relists, restarts, stalls].map((metric) => metric.labels(kind));
      kept.inc(0);
      return {
        event: () => event?.inc(),
        relist: () => relist?.inc(),
        restart: () => restart?.inc(),
        stall: () => stall?.inc(),
        missed: (count) => kept.inc(count),
        objects: (count) => held.set(count),
      };
    },
    queue(name) {
      const [d, run, retry] = [depth.labels(name), runs.labels(name), retries.labels(name)];
      return { depth: (count) => d.set(count), run: () => run.inc(), retry: () => retry.inc() };
    },
  };
}

const nothing = (): void => {};

/** Counts nothing. */
export const noInformerMetrics: InformerMetrics = {
  event: nothing,
  relist: nothing,
  restart: nothing,
  stall: nothing,
  missed: nothing,
  objects: nothing,
};

/** Counts nothing. */
export const noQueueMetrics: QueueMetrics = { depth: nothing, run: nothing, retry: nothing };
