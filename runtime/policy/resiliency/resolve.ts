import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';
import { retryEverything } from './codes.ts';
import { exponentialDefaults, type PolicyTables, type TargetSpec } from './decode.ts';
import { type RecentlyUsed, recentlyUsed } from './recent.ts';
import type { RetryPolicy } from './retry.ts';
import type { Policy, PolicyWatch } from './run.ts';
import { actorPolicies, appPolicies, componentPolicies, type PolicyComponentKind } from './targets.ts';

export type BuiltInRetry = 'service' | 'actor' | 'actor-reminder' | 'actor-not-found' | 'initialization';

/** Finds the policy of each call. Answers the same object for the same target, so that breakers keep their counts. */
export type PolicyResolver = {
  endpoint(appId: string, endpoint: string): Policy;
  /** Around the wait for an actor's turn: retries and breaker, no timeout. */
  actorBeforeTurn(type: string, id: string): Policy;
  /** Within an actor's turn: the timeout only. */
  actorWithinTurn(type: string): Policy;
  component(name: string, kind: PolicyComponentKind, direction: 'inbound' | 'outbound'): Policy;
  builtIn(name: BuiltInRetry): Policy;
  /** Whether the resources name this app: then the built-in retries step back. */
  definesApp(appId: string): boolean;
};

export type BreakerWatch = (name: string, from: BreakerState, to: BreakerState) => void;

/** Makes the watch of the policies of a target: `app_<id>`, `<Kind>_<component>` or `actor_<type>`. */
export type WatchTarget = (at: { target: string; direction: 'inbound' | 'outbound' }) => PolicyWatch;

const seconds = (count: number) => count * 1_000;
const constant = (durationMs: number, maxRetries: number): RetryPolicy => ({
  kind: 'constant',
  durationMs,
  maxRetries,
  matching: retryEverything,
});

/** Empty tables with Dapr's built-in retries; resources are added on top and may replace most of them. */
export function builtInTables(): PolicyTables {
  const retries = new Map<string, RetryPolicy>([
    ['DaprBuiltInServiceRetries', constant(seconds(1), 3)],
    ['DaprBuiltInActorRetries', constant(seconds(1), 3)],
    ['DaprBuiltInActorNotFoundRetries', constant(seconds(1), 5)],
    [
      'DaprBuiltInActorReminderRetries',
      {
        kind: 'exponential',
        ...exponentialDefaults,
        maxIntervalMs: seconds(60),
        maxRetries: -1,
        matching: retryEverything,
      },
    ],
    [
      'DaprBuiltInInitializationRetries',
      {
        kind: 'exponential',
        ...exponentialDefaults,
        maxIntervalMs: seconds(1),
        maxElapsedMs: seconds(10),
        maxRetries: 3,
        matching: retryEverything,
      },
    ],
  ]);
  return {
    timeouts: new Map(),
    retries,
    breakers: new Map(),
    apps: new Map(),
    actors: new Map(),
    components: new Map(),
  };
}

const builtInNames: Readonly<Record<BuiltInRetry, string>> = {
  service: 'DaprBuiltInServiceRetries',
  actor: 'DaprBuiltInActorRetries',
  'actor-reminder': 'DaprBuiltInActorReminderRetries',
  'actor-not-found': 'DaprBuiltInActorNotFoundRetries',
  initialization: 'DaprBuiltInInitializationRetries',
};

const endpointsKept = 100;
const actorsKept = 5_000;
/** Apps, or types of actors: whoever calls names that are of nobody makes the oldest forgotten. */
const groupsKept = 5_000;

/** The policies that calls of one app, or of one type of actor, go by; breakers live as long as they are kept. */
type Group = { target: TargetSpec; kept: RecentlyUsed<Policy> };

const group = (target: TargetSpec, limit: number): Group => ({
  target,
  kept: recentlyUsed(target.circuitBreakerCacheSize || limit),
});

/** Builds the finder over decoded tables. Names of default policies: `Default[App|Actor|…Component…]{Retry,Timeout,CircuitBreaker}Policy`. */
export function createPolicyResolver(
  tables: PolicyTables,
  now: () => number,
  watch: BreakerWatch = () => {},
  watchTarget?: WatchTarget,
): PolicyResolver {
  const apps = recentlyUsed<Group>(groupsKept);
  const actors = recentlyUsed<Group>(groupsKept);
  const turns = recentlyUsed<Policy>(groupsKept);
  const components = new Map<string, Policy>();
  const breaker = (template: string | undefined, name: string): Breaker | undefined => {
    const settings = template === undefined ? undefined : tables.breakers.get(template);
    if (settings === undefined) return undefined;
    return createBreaker({ name, ...settings }, now, (from, to) => watch(name, from, to));
  };
  const watched = (target: string, direction: 'inbound' | 'outbound' = 'outbound') =>
    watchTarget?.({ target, direction });
  const assemble = (name: string, target: TargetSpec, breakerName: string, told?: PolicyWatch): Policy => ({
    name,
    watch: told,
    timeoutMs: target.timeout === undefined ? undefined : tables.timeouts.get(target.timeout),
    retry: target.retry === undefined ? undefined : tables.retries.get(target.retry),
    breaker: breaker(target.circuitBreaker, breakerName),
  });

  return {
    endpoint(appId, endpoint) {
      const { target, kept } = apps.take(appId, () => group(appPolicies(tables, appId).spec, endpointsKept));
      return kept.take(endpoint, () =>
        assemble(`endpoint[${appId}, ${endpoint}]`, target, endpoint, watched(`app_${appId}`)),
      );
    },
    actorBeforeTurn(type, id) {
      const { target, kept } = actors.take(type, () => {
        const { spec, named } = actorPolicies(tables, type);
        return group({ circuitBreakerScope: named ? undefined : 'type', ...spec, timeout: undefined }, actorsKept);
      });
      const key = target.circuitBreakerScope === 'type' ? type : `${type}-${id}`;
      return kept.take(key, () => assemble(`actor[${type}, ${id}]`, target, key, watched(`actor_${type}`)));
    },
    actorWithinTurn: (type) =>
      turns.take(type, () => {
        const { timeout } = actorPolicies(tables, type).spec;
        return assemble(`actor[${type}]`, { timeout }, type, watched(`actor_${type}`));
      }),
    component(name, kind, direction) {
      const key = `${direction} ${kind} ${name}`;
      const known = components.get(key);
      if (known !== undefined) return known;
      const target = componentPolicies(tables, name, kind, direction).spec;
      const label = `component[${name}] ${direction === 'inbound' ? 'input' : 'output'}`;
      const breakerName = `${target.circuitBreaker ?? ''}-${name}`;
      const policy = assemble(label, target, breakerName, watched(`${kind}_${name}`, direction));
      components.set(key, policy);
      return policy;
    },
    builtIn: (name) => ({ ...assemble(builtInNames[name], { retry: builtInNames[name] }, ''), timeoutMs: undefined }),
    definesApp: (appId) => tables.apps.has(appId),
  };
}
