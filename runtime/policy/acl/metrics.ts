import { Counter, type Registry } from 'prom-client';
import type { SpiffeId } from '#kit/pki/spiffe.ts';
import type { Decision } from './access-list.ts';

const labelNames = ['app_id', 'namespace', 'trustDomain'] as const;

/** Counts decisions by whose rule they were and by caller: `dapr_runtime_acl_<app|global>_policy_action_<allowed|blocked>_total`. */
export function accessMetrics(registry: Registry): (caller: SpiffeId | undefined, decision: Decision) => void {
  const counter = (by: Decision['by'], action: 'allowed' | 'blocked') =>
    new Counter({
      name: `dapr_runtime_acl_${by}_policy_action_${action}_total`,
      help: `Calls ${action} by the ${by === 'app' ? "caller's own policy" : 'default action of all'}.`,
      labelNames,
      registers: [registry],
    });
  const counters = {
    app: { allowed: counter('app', 'allowed'), blocked: counter('app', 'blocked') },
    global: { allowed: counter('global', 'allowed'), blocked: counter('global', 'blocked') },
  };
  return (caller, { allowed, by }) => {
    const labels = {
      app_id: caller?.appId ?? '',
      namespace: caller?.namespace ?? '',
      trustDomain: caller?.trustDomain ?? '',
    };
    counters[by][allowed ? 'allowed' : 'blocked'].inc(labels);
  };
}
