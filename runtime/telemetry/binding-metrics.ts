import type { Registry } from 'prom-client';
import { latencyBuckets, type MeasuredApp } from './component-metrics.ts';
import { measures } from './measure.ts';

/** Counts an event of an input binding that the app has answered, or failed to, after so many milliseconds. */
export type BindingMetrics = (component: string, success: boolean, milliseconds: number) => void;

/** Dapr's `dapr_component_input_binding_*`. */
export function bindingMetrics(
  registry: Registry,
  { appId, namespace }: MeasuredApp,
  buckets: readonly number[] = latencyBuckets,
): BindingMetrics {
  const labelNames = ['app_id', 'component', 'namespace', 'success'];
  const metric = 'dapr_component_input_binding';
  const at = measures({ registry, metric, of: 'Events of input bindings', labelNames, buckets });
  return (component, success, milliseconds) => at(appId, component, namespace, String(success))(milliseconds);
}
