import { Counter, Histogram, type Registry } from 'prom-client';

export type InjectorMetrics = {
  requests: { inc(): void };
  succeeded(appId: string): void;
  failed(appId: string, reason: string): void;
  /** Seconds from a request's first byte to its answer. */
  took(seconds: number): void;
};

/** The injector's metrics, named as Dapr's. */
export function injectorMetrics(registry: Registry): InjectorMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'dapr_injector_sidecar_injection_requests_total',
    help: 'Requests for admission of a pod.',
    registers,
  });
  const succeeded = new Counter({
    name: 'dapr_injector_sidecar_injection_succeeded_total',
    help: 'Pods that were given a sidecar.',
    labelNames: ['app_id'],
    registers,
  });
  const failed = new Counter({
    name: 'dapr_injector_sidecar_injection_failed_total',
    help: 'Pods that asked for a sidecar and were refused, or passed without one.',
    labelNames: ['app_id', 'reason'],
    registers,
  });
  const duration = new Histogram({
    name: 'dapr_injector_admission_duration_seconds',
    help: 'Time to answer a request for admission.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  return {
    requests: { inc: () => requests.inc() },
    succeeded: (appId) => succeeded.inc({ app_id: appId }),
    failed: (appId, reason) => failed.inc({ app_id: appId, reason }),
    took: (seconds) => duration.observe(seconds),
  };
}
