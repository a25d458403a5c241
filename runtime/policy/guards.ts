import { resiliency } from '#crds/resiliency.ts';
import { Fault, toFault } from '#kit/errors/fault.ts';
import { faults } from '#kit/errors/table.ts';
import { systemClock } from '#kit/lifecycle/clock.ts';
import type { Logger } from '#kit/log/logger.ts';
import type { Kind } from '../blocks/kind.ts';
import type { Guard } from '../registry.ts';
import { inScope, type ResourceSource } from '../resources/source.ts';
import { decodeResiliency } from './resiliency/decode.ts';
import { builtInTables, createPolicyResolver, type PolicyResolver } from './resiliency/resolve.ts';
import { createRunner, type Policy, type Runner } from './resiliency/run.ts';

/** The policies of the loaded Resiliency resources. */
export type Policies = {
  resolver: PolicyResolver;
  run: Runner;
  /** Names of the resources in use. */
  names: readonly string[];
  /** What guards calls of a component; undefined when no policy is meant for it. */
  componentGuard(kind: Kind, name: string): Guard | undefined;
};

/** Reads the Resiliency resources that are scoped to the app. A policy that makes no sense is logged and left out. */
export async function loadPolicies(source: ResourceSource, appId: string, log: Logger): Promise<Policies> {
  const tables = builtInTables();
  const names: string[] = [];
  for (const resource of await source.list(resiliency)) {
    if (!inScope(resource, appId)) continue;
    const { name } = resource.metadata;
    try {
      await decodeResiliency(resource.spec, tables, (text) => log.warn(text));
      names.push(name);
    } catch (thrown) {
      log.error(`Could not read resiliency policy ${name}: ${toFault(thrown).message}`);
    }
  }
  const resolver = createPolicyResolver(tables, systemClock.now);
  const run = createRunner({ now: systemClock.now, random: Math.random, pause: systemClock.pause }, logged(log));
  return {
    resolver,
    run,
    names,
    componentGuard(kind, name) {
      const policy = resolver.component(name, kind.policy, 'outbound');
      if (policy.timeoutMs === undefined && policy.retry === undefined && policy.breaker === undefined)
        return undefined;
      return guardOf(policy, run);
    },
  };
}

const guardOf =
  (policy: Policy, run: Runner): Guard =>
  (attempt, signal) =>
    run(policy, (one) => attempt(one.signal ?? signal), { signal, mayRetry: isWorthRetrying });

/** Our own refusals stay what they are however often one asks; what a component says may pass. */
const isWorthRetrying = (thrown: unknown): boolean =>
  !(thrown instanceof Fault) || faults[thrown.key].retry !== 'never';

const logged = (log: Logger) => ({
  retrying: (policy: Policy, thrown: unknown) =>
    log.warn(`Error processing operation ${policy.name}. Retrying: ${toFault(thrown).message}`),
  recovered: (policy: Policy, attempts: number) =>
    log.info(`Recovered processing operation ${policy.name} after ${attempts} attempts`),
});
