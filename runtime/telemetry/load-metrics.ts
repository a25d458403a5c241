import type { Registry } from 'prom-client';
import type { Component } from '#crds/component.ts';
import { boundCounter } from '#kit/telemetry/bound-series.ts';
import { boundOnce } from './bound-once.ts';

/** Counts how loads of components end: `dapr_runtime_component_{loaded,init_total,init_fail_total}`. */
export function loadMetrics(registry: Registry, appId: string): (one: Component, problem: Error | undefined) => void {
  const counter = (rest: string, help: string) =>
    boundCounter(registry, { name: `dapr_runtime_component_${rest}`, help });
  const loaded = counter('loaded', 'Components in use.')({ app_id: appId });
  const initialized = counter('init_total', 'Components that were started, by type.');
  const failed = counter('init_fail_total', 'Components that could not be started.');
  const ofType = boundOnce((type) => initialized({ app_id: appId, component: type }));
  const failureOf = boundOnce((type, name) => {
    return failed({ app_id: appId, component: type, componentName: name, reason: 'init' });
  });
  return ({ metadata, spec }, problem) => {
    if (problem !== undefined) {
      failureOf(spec.type, metadata.name, 0).inc();
      return;
    }
    ofType(spec.type, '', 0).inc();
    loaded.inc();
  };
}
