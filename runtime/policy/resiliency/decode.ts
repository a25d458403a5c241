import { fault, toFault } from '#kit/errors/fault.ts';
import { parseDuration } from '#kit/values/duration.ts';
import type { BreakerCounts } from './breaker.ts';
import { parseCodeRanges } from './codes.ts';
import type { RetryPolicy } from './retry.ts';
import { compileTrip } from './trip.ts';

/** The `spec` of a Resiliency resource, as far as it is read here. */
export type ResiliencySpec = {
  policies?:
    | {
        timeouts?: Readonly<Record<string, string>> | undefined;
        retries?: Readonly<Record<string, RetrySpec>> | undefined;
        circuitBreakers?: Readonly<Record<string, BreakerSpec>> | undefined;
      }
    | undefined;
  targets?:
    | {
        apps?: Readonly<Record<string, TargetSpec>> | undefined;
        actors?: Readonly<Record<string, TargetSpec>> | undefined;
        components?:
          | Readonly<Record<string, { inbound?: TargetSpec | undefined; outbound?: TargetSpec | undefined }>>
          | undefined;
      }
    | undefined;
};

type RetrySpec = {
  policy?: string | undefined;
  duration?: string | undefined;
  maxInterval?: string | undefined;
  maxRetries?: number | undefined;
  matching?: { httpStatusCodes?: string | undefined; gRPCStatusCodes?: string | undefined } | undefined;
};

type BreakerSpec = {
  maxRequests?: number | undefined;
  interval?: string | undefined;
  timeout?: string | undefined;
  trip?: string | undefined;
};

export type TargetSpec = {
  timeout?: string | undefined;
  retry?: string | undefined;
  circuitBreaker?: string | undefined;
  circuitBreakerCacheSize?: number | undefined;
  circuitBreakerScope?: string | undefined;
};

/** A breaker's settings before it has a name. Times in ms. */
export type BreakerTemplate = {
  maxRequests: number;
  intervalMs: number;
  timeoutMs: number;
  trip(counts: BreakerCounts): boolean;
};

/** All policies and targets of the loaded Resiliency resources, by name. */
export type PolicyTables = {
  timeouts: Map<string, number>;
  retries: Map<string, RetryPolicy>;
  breakers: Map<string, BreakerTemplate>;
  apps: Map<string, TargetSpec>;
  actors: Map<string, TargetSpec>;
  components: Map<string, { inbound: TargetSpec; outbound: TargetSpec }>;
};

/**
 * Adds one resource to the tables; a name that is there already is replaced. Throws `invalid-config` naming the policy
 * and what is wrong with it; the tables may then hold a part of the resource, as in Dapr.
 */
export async function decodeResiliency(
  spec: ResiliencySpec,
  into: PolicyTables,
  warn: (text: string) => void,
): Promise<void> {
  const { timeouts = {}, retries = {}, circuitBreakers = {} } = spec.policies ?? {};
  for (const [name, text] of Object.entries(timeouts))
    into.timeouts.set(
      name,
      within(`invalid duration "${name}"`, () => millis(text)),
    );
  for (const [name, retry] of Object.entries(retries)) {
    const decoded = within(`invalid retry configuration "${name}"`, () => decodeRetry(retry));
    addRetry(name, decoded, into, warn);
  }
  for (const [name, breaker] of Object.entries(circuitBreakers)) {
    into.breakers.set(name, await decodeBreaker(name, breaker));
  }
  decodeTargets(spec, into);
}

function decodeTargets(spec: ResiliencySpec, into: PolicyTables): void {
  const { apps = {}, actors = {}, components = {} } = spec.targets ?? {};
  for (const [name, target] of Object.entries(apps)) into.apps.set(name, target);
  for (const [name, target] of Object.entries(actors)) {
    if (target.circuitBreaker && !['type', 'id', 'both'].includes(target.circuitBreakerScope ?? '')) {
      throw fault(
        'invalid-config',
        `targets.actors.${name}: actor circuit breakers must include scope (circuitBreakerScope: type, id or both)`,
      );
    }
    into.actors.set(name, target);
  }
  for (const [name, target] of Object.entries(components)) {
    into.components.set(name, { inbound: target.inbound ?? {}, outbound: target.outbound ?? {} });
  }
}

/** Policies that users may replace by name, though never with fewer than 3 retries; and one they may not. */
const builtIn = [
  'DaprBuiltInServiceRetries',
  'DaprBuiltInActorRetries',
  'DaprBuiltInActorReminderRetries',
  'DaprBuiltInInitializationRetries',
];
const unchangeable = 'DaprBuiltInActorNotFoundRetries';

function addRetry(name: string, policy: RetryPolicy, into: PolicyTables, warn: (text: string) => void): void {
  if (name === unchangeable) {
    warn(
      `Attempted to override protected policy ${name} which is not allowed. Ignoring provided policy and using default.`,
    );
    return;
  }
  if (builtIn.includes(name) && policy.maxRetries < 3) {
    warn(`Attempted override of ${name} did not meet minimum retry count, resetting to 3.`);
    into.retries.set(name, { ...policy, maxRetries: 3 });
    return;
  }
  into.retries.set(name, policy);
}

function decodeRetry(spec: RetrySpec): RetryPolicy {
  const common = {
    maxRetries: spec.maxRetries ?? -1,
    matching: {
      http: parseCodeRanges(spec.matching?.httpStatusCodes, 'HTTP'),
      grpc: parseCodeRanges(spec.matching?.gRPCStatusCodes, 'gRPC'),
    },
  };
  const kind = (spec.policy ?? 'constant').toLowerCase();
  if (kind === 'constant')
    return { kind, durationMs: spec.duration === undefined ? 5_000 : millis(spec.duration), ...common };
  if (kind !== 'exponential')
    throw fault('invalid-config', `unexpected back off policy type: ${spec.policy} (constant or exponential)`);
  return {
    kind,
    ...exponentialDefaults,
    maxIntervalMs: spec.maxInterval === undefined ? 60_000 : millis(spec.maxInterval),
    ...common,
  };
}

/** Not settable in the resource; Dapr's defaults. */
export const exponentialDefaults = { initialMs: 500, multiplier: 1.5, jitter: 0.5, maxElapsedMs: 15 * 60_000 } as const;

async function decodeBreaker(name: string, spec: BreakerSpec): Promise<BreakerTemplate> {
  const times = within(`invalid circuit breaker configuration "${name}"`, () => ({
    intervalMs: spec.interval === undefined ? 0 : millis(spec.interval),
    timeoutMs: spec.timeout === undefined ? 60_000 : millis(spec.timeout),
  }));
  const trip = await compileTrip(spec.trip).catch((thrown) => {
    throw fault('invalid-config', `invalid circuit breaker configuration "${name}": trip: ${toFault(thrown).message}`, {
      cause: thrown,
    });
  });
  return { maxRequests: spec.maxRequests || 1, ...times, trip };
}

/** A duration as Dapr takes it here: Go's notation, or a bare number of milliseconds. */
function millis(text: string): number {
  return /^-?\d+$/.test(text) ? Number(text) : parseDuration(text);
}

function within<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (thrown) {
    throw fault('invalid-config', `${what}: ${toFault(thrown).message}`, { cause: thrown });
  }
}
