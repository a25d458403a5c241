import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { injectorMetrics } from '#injector/metrics.ts';
import { kubeMetrics } from '#kit/kube/metrics.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { serviceCounters } from '#operator/metrics.ts';
import type { Kind } from '#runtime/blocks/kind.ts';
import { accessMetrics } from '#runtime/policy/acl/metrics.ts';
import { appMetrics } from '#runtime/telemetry/app-metrics.ts';
import { bindingMetrics } from '#runtime/telemetry/binding-metrics.ts';
import { componentMetrics } from '#runtime/telemetry/component-metrics.ts';
import { identityMetrics } from '#runtime/telemetry/identity-metrics.ts';
import { invocationMetrics } from '#runtime/telemetry/invocation-metrics.ts';
import { loadMetrics } from '#runtime/telemetry/load-metrics.ts';
import { pubsubMetrics } from '#runtime/telemetry/pubsub-metrics.ts';
import { resiliencyMetrics } from '#runtime/telemetry/resiliency-metrics.ts';
import { errorCodeMetrics, serverMetrics } from '#runtime/telemetry/server-metrics.ts';
import { sentryMetrics } from '#sentry/metrics.ts';
import { controlPlane } from './control-plane.ts';
import { sidecars } from './sidecars.ts';

/** Names of all metrics that our binaries serve, histograms with their three series. */
async function served(): Promise<Set<string>> {
  const registry = new Registry();
  injectorMetrics(registry);
  sentryMetrics(registry);
  serviceCounters(registry);
  kubeMetrics(registry);
  accessMetrics(registry);
  errorCodeMetrics(registry, 'shop');
  const http = { excludeVerbs: false, increasedCardinality: true, pathMatching: [] };
  appMetrics(registry, 'shop', http);
  invocationMetrics(registry, 'shop');
  loadMetrics(registry, 'shop');
  resiliencyMetrics(registry, 'shop');
  identityMetrics(registry, 'shop', { current() {}, onRotate() {}, onRenewalFailure() {} } as never);
  serverMetrics(registry, 'shop', http);
  const app = { appId: 'shop', namespace: 'default' };
  pubsubMetrics(registry, app);
  bindingMetrics(registry, app);
  const perKind = componentMetrics(registry, app);
  for (const metric of ['state', 'secret']) perKind({ metric } as Kind, 'any');
  const all = await registry.getMetricsAsJSON();
  return new Set(all.flatMap(({ name }) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]));
}

const namesIn = (text: string): string[] => text.match(/\b(?:dapr|outrigger)_[a-z_]+/g) ?? [];

type Rule = { alert: string; expr: string; annotations: Record<string, string> };
const rulesFile = path.resolve(import.meta.dirname, '../outrigger/files/rules.yaml');
const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

describe('dashboards and alerts', () => {
  const panels = [sidecars, controlPlane].flatMap((dashboard) => dashboard.panels);

  it.each(panels.map(({ title, queries }) => [title, queries] as const))(
    '"%s" asks for metrics that exist',
    async (_title, queries) => {
      const known = await served();
      for (const query of Object.values(queries)) {
        expect(namesIn(query).length).toBeGreaterThan(0);
        expect(namesIn(query).filter((name) => !known.has(name))).toEqual([]);
      }
    },
  );

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s is about metrics that exist and says what to do',
    async (_name, rule) => {
      const known = await served();
      expect(namesIn(rule.expr).filter((name) => !known.has(name))).toEqual([]);
      expect(Object.keys(rule.annotations)).toEqual(['summary', 'action']);
    },
  );
});
