import { Counter, type Registry } from 'prom-client';
import type { ServiceCounters } from './controllers/services.ts';

/** The operator's own metrics, named as Dapr's. */
export function serviceCounters(registry: Registry): ServiceCounters {
  const counter = (what: string) =>
    new Counter({
      name: `dapr_operator_service_${what}_total`,
      help: `Services of Dapr apps ${what}`,
      labelNames: ['app_id'] as const,
      registers: [registry],
    });
  return { created: counter('created'), updated: counter('updated'), deleted: counter('deleted') };
}
