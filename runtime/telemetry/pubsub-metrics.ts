import { Counter, type Registry } from 'prom-client';
import { latencyBuckets, type MeasuredApp } from './component-metrics.ts';
import { measures } from './measure.ts';

/** What became of a message: it is settled, comes again, or is gone. */
export type Outcome = 'success' | 'retry' | 'drop';

/** Counts what comes in from one topic. */
export type IngressMetrics = {
  /** A message that was delivered, in so many milliseconds, or given up. `status`: whether giving up was as wished. */
  message(outcome: Outcome, milliseconds?: number, status?: Outcome): void;
  /** A batch, and the outcomes of its messages. */
  batch(milliseconds: number, outcomes: ReadonlyMap<Outcome, number>): void;
};

/** Counts messages on their way. Source of the names: Dapr `pkg/diagnostics/component_monitoring.go`. */
export type PubsubMetrics = {
  published(component: string, topic: string, success: boolean, milliseconds: number): void;
  /** `events`: how many of them the broker took. */
  publishedBulk(component: string, topic: string, success: boolean, milliseconds: number, events: number): void;
  from(component: string, topic: string): IngressMetrics;
};

/** For a sidecar without metrics. */
export const noPubsubMetrics: PubsubMetrics = {
  published() {},
  publishedBulk() {},
  from: () => ({ message() {}, batch() {} }),
};

/** Dapr's `dapr_component_pubsub_*`, of publishing and of delivery. */
export function pubsubMetrics(
  registry: Registry,
  { appId, namespace }: MeasuredApp,
  buckets: readonly number[] = latencyBuckets,
): PubsubMetrics {
  const make = (name: string, of: string, labels: readonly string[]) =>
    measures({ registry, metric: `dapr_component_${name}`, of, labelNames: labels, buckets });
  const count = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `dapr_component_${name}_event_count`, help, labelNames, registers: [registry] });
  const egress = make('pubsub_egress', 'Messages published', outward);
  const egressBulk = make('pubsub_egress_bulk', 'Bulks published', outward);
  const egressEvents = count('pubsub_egress_bulk', 'Messages published in bulks.', outward);
  const ingress = make('pubsub_ingress', 'Messages received', inward);
  const ingressBulk = make('pubsub_ingress_bulk', 'Batches received', inBatches);
  const ingressEvents = count('pubsub_ingress_bulk', 'Messages received in batches.', [...inBatches]);
  return {
    published: (component, topic, success, milliseconds) =>
      egress(appId, component, namespace, String(success), topic)(milliseconds),
    publishedBulk(component, topic, success, milliseconds, events) {
      egressBulk(appId, component, namespace, String(success), topic)(milliseconds);
      if (events > 0) egressEvents.labels({ app_id: appId, component, namespace, success: 'true', topic }).inc(events);
    },
    from: (component, topic) => ({
      message: (outcome, milliseconds, status = outcome) =>
        ingress(appId, component, namespace, outcome, status, topic)(milliseconds),
      batch(milliseconds, outcomes) {
        ingressBulk(appId, component, namespace, '', topic)(milliseconds);
        for (const [outcome, events] of outcomes) {
          ingressEvents.labels({ app_id: appId, component, namespace, process_status: outcome, topic }).inc(events);
        }
      },
    }),
  };
}

const outward = ['app_id', 'component', 'namespace', 'success', 'topic'];
const inward = ['app_id', 'component', 'namespace', 'process_status', 'status', 'topic'];
const inBatches = ['app_id', 'component', 'namespace', 'process_status', 'topic'];
