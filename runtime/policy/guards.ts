import type { Registry } from 'prom-client';
import { type Resiliency, resiliency } from '#crds/resiliency.ts';
import { Fault, toFault } from '#kit/errors/fault.ts';
import { faults } from '#kit/errors/table.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Kind } from '../blocks/kind.ts';
import type { Guard } from '../registry.ts';
import { inScope, type ResourceSource } from '../resources/source.ts';
import { type ResiliencyMetrics, resiliencyMetrics } from '../telemetry/resiliency-metrics.ts';
import { decodeResiliency } from './resiliency/decode.ts';
import { type BreakerWatch, builtInTables, createPolicyResolver, type PolicyResolver } from './resiliency/resolve.ts';
import { createRunner, type Policy, type Runner } from './resiliency/run.ts';

/** The policies of the loaded Resiliency resources. */
export type Policies = {
  resolver: PolicyResolver;
  run: Runner;
  /** Names of the resources in use. */
  readonly names: readonly string[];
  /** Takes other Resiliency resources in place of those there are; breakers start anew. */
  replace(resources: readonly Resiliency[]): Promise<void>;
  /** What guards calls of a component; undefined when no policy is meant for it. */
  componentGuard(kind: Kind, name: string): Guard | undefined;
};

/** Reads the Resiliency resources that are scoped to the app. A policy that makes no sense is logged and left out. */
export async function loadPolicies(
  source: ResourceSource,
  appId: string,
  log: Logger,
  registry?: Registry,
): Promise<Policies> {
  const reading = { appId, log, metrics: registry && resiliencyMetrics(registry, appId) };
  let current = await readPolicies(await source.list(resiliency), reading);
  const run = createRunner({ now: systemClock.now, random: Math.random, pause: systemClock.pause }, logged(log));
  return {
    resolver: {
      endpoint: (app, endpoint) => current.resolver.endpoint(app, endpoint),
      actorBeforeTurn: (type, id) => current.resolver.actorBeforeTurn(type, id),
      actorWithinTurn: (type) => current.resolver.actorWithinTurn(type),
      component: (name, kind, direction) => current.resolver.component(name, kind, direction),
      builtIn: (name) => current.resolver.builtIn(name),
      definesApp: (app) => current.resolver.definesApp(app),
    },
    run,
    get names() {
      return current.names;
    },
    async replace(resources) {
      current = await readPolicies(resources, reading);
    },
    componentGuard(kind, name) {
      const policy = current.resolver.component(name, kind.policy, 'outbound');
      if (policy.timeoutMs === undefined && policy.retry === undefined && policy.breaker === undefined)
        return undefined;
      return guardOf(policy, run);
    },
  };
}

type Read = { resolver: PolicyResolver; names: readonly string[] };

type Reading = { appId: string; log: Logger; metrics: ResiliencyMetrics | undefined };

async function readPolicies(resources: readonly Resiliency[], { appId, log, metrics }: Reading): Promise<Read> {
  const tables = builtInTables();
  const names: string[] = [];
  // Dapr labels all policies with the resource it read last, whichever they came from.
  let last = { name: '', namespace: '' };
  for (const resource of resources) {
    if (!inScope(resource, appId)) continue;
    const { name } = resource.metadata;
    log.info(`Loading Resiliency configuration: ${name}`);
    try {
      await decodeResiliency(resource.spec, tables, (text) => log.warn(text));
      names.push(name);
      last = { name, namespace: resource.metadata.namespace ?? '' };
      metrics?.loaded(last);
    } catch (thrown) {
      log.error(`Could not read resiliency policy ${name}: ${toFault(thrown).message}`);
    }
  }
  const changed: BreakerWatch = (name, from, to) =>
    log.info(`Circuit breaker "${name}" changed state from ${from} to ${to}`);
  return { resolver: createPolicyResolver(tables, systemClock.now, changed, metrics?.watch(last)), names };
}

const guardOf =
  (policy: Policy, run: Runner): Guard =>
  (attempt, signal, statusOf) =>
    run(policy, (one) => attempt(one.signal ?? signal), { signal, mayRetry: isWorthRetrying, statusOf });

/** Our own refusals stay what they are however often one asks; what a component says may pass. */
const isWorthRetrying = (thrown: unknown): boolean =>
  !(thrown instanceof Fault) || faults[thrown.key].retry !== 'never';

const logged = (log: Logger) => ({
  retrying: (policy: Policy, thrown: unknown) =>
    log.warn(`Error processing operation ${policy.name}. Retrying: ${toFault(thrown).message}`),
  recovered: (policy: Policy, attempts: number) =>
    log.info(`Recovered processing operation ${policy.name} after ${attempts} attempts`),
});
