import { type Breaker, type BreakerState, createBreaker } from './breaker.ts';
import { retryEverything } from './codes.ts';
import { exponentialDefaults, type PolicyTables, type TargetSpec } from './decode.ts';
import { recentlyUsed } from './recent.ts';
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

/** Builds the finder over decoded tables. Names of default policies: `Default[App|Actor|…Component…]{Retry,Timeout,CircuitBreaker}Policy`. */
export function createPolicyResolver(
  tables: PolicyTables,
  now: () => number,
  watch: BreakerWatch = () => {},
  watchTarget?: WatchTarget,
): PolicyResolver {
  const caches = new Map<string, ReturnType<typeof recentlyUsed<Policy>>>();
  const cached = (group: string, key: string, limit: number, build: () => Policy): Policy => {
    let cache = caches.get(group);
    if (cache === undefined) {
      cache = recentlyUsed<Policy>(limit);
      caches.set(group, cache);
    }
    return cache.take(key, build);
  };
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
      const target = appPolicies(tables, appId).spec;
      const limit = target.circuitBreakerCacheSize || endpointsKept;
      return cached(`app ${appId}`, endpoint, limit, () =>
        assemble(`endpoint[${appId}, ${endpoint}]`, target, endpoint, watched(`app_${appId}`)),
      );
    },
    actorBeforeTurn(type, id) {
      const { spec, named } = actorPolicies(tables, type);
      const target: TargetSpec = named ? spec : { circuitBreakerScope: 'type', ...spec };
      const key = target.circuitBreakerScope === 'type' ? type : `${type}-${id}`;
      const limit = target.circuitBreakerCacheSize || actorsKept;
      const { timeout: _none, ...beforeTurn } = target;
      return cached(`actor ${type}`, key, limit, () =>
        assemble(`actor[${type}, ${id}]`, beforeTurn, key, watched(`actor_${type}`)),
      );
    },
    actorWithinTurn(type) {
      const { timeout } = actorPolicies(tables, type).spec;
      return cached('actor turn', type, actorsKept, () =>
        assemble(`actor[${type}]`, { timeout }, type, watched(`actor_${type}`)),
      );
    },
    component(name, kind, direction) {
      const target = componentPolicies(tables, name, kind, direction).spec;
      const label = `component[${name}] ${direction === 'inbound' ? 'input' : 'output'}`;
      return cached(`component ${direction}`, `${kind} ${name}`, Number.POSITIVE_INFINITY, () =>
        assemble(label, target, `${target.circuitBreaker ?? ''}-${name}`, watched(`${kind}_${name}`, direction)),
      );
    },
    builtIn: (name) => ({ ...assemble(builtInNames[name], { retry: builtInNames[name] }, ''), timeoutMs: undefined }),
    definesApp: (appId) => tables.apps.has(appId),
  };
}
