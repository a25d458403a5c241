import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { defineKind } from './kind.ts';
import { envelope, status } from './metav1.ts';
import { scopes } from './name-value.ts';

const retry = z.object({
  policy: z.string().optional().describe('`constant` or `exponential`.'),
  duration: z.string().optional().describe('Pause between tries, for `constant`.'),
  maxInterval: z.string().optional().describe('Longest pause, for `exponential`.'),
  maxRetries: z.number().int().optional().describe('Tries after the first; -1 for no end.'),
  matching: z
    .object({
      httpStatusCodes: z.string().optional().describe('HTTP statuses to retry: `429,500-599`.'),
      gRPCStatusCodes: z.string().optional().describe('gRPC codes to retry: `4,8,14`.'),
    })
    .optional()
    .describe('Which failures are tried again; all where left out.'),
});

const circuitBreaker = z.object({
  maxRequests: z.number().int().optional().describe('Requests let through while half open.'),
  interval: z.string().optional().describe('How often counts are cleared while closed.'),
  timeout: z.string().optional().describe('How long it stays open.'),
  trip: z.string().optional().describe('CEL expression that opens it, such as `consecutiveFailures >= 5`.'),
});

const policyNames = {
  timeout: z.string().optional().describe('Name of a timeout.'),
  retry: z.string().optional().describe('Name of a retry policy.'),
  circuitBreaker: z.string().optional().describe('Name of a circuit breaker.'),
};

const cacheSize = z.number().int().optional().describe('How many circuit breakers are remembered.');

const direction = z.object(policyNames);

const spec = z.object({
  policies: z
    .object({
      timeouts: z.record(z.string(), z.string()).optional().describe('Timeouts by name: `fast: 500ms`.'),
      retries: z.record(z.string(), retry).optional().describe('Retry policies by name.'),
      circuitBreakers: z.record(z.string(), circuitBreaker).optional().describe('Circuit breakers by name.'),
    })
    .prefault({})
    .describe('Named policies.'),
  targets: z
    .object({
      apps: z
        .record(z.string(), z.object({ ...policyNames, circuitBreakerCacheSize: cacheSize }))
        .optional()
        .describe('Policies by app ID that is called.'),
      actors: z
        .record(
          z.string(),
          z.object({
            ...policyNames,
            circuitBreakerScope: z.string().optional().describe('`type`, `id` or `both`.'),
            circuitBreakerCacheSize: cacheSize,
          }),
        )
        .optional()
        .describe('Policies by actor type.'),
      components: z
        .record(
          z.string(),
          z.object({
            inbound: direction.optional().describe('From the component to the app.'),
            outbound: direction.optional().describe('From the app to the component.'),
          }),
        )
        .optional()
        .describe('Policies by component.'),
    })
    .prefault({})
    .describe('What the policies are used for.'),
});

const schema = z.object({
  ...envelope,
  spec: spec.prefault({}).describe('Policies, and where they are used.'),
  scopes,
  status,
});

export type Resiliency = z.output<typeof schema>;

const example = `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: shop
spec:
  policies:
    timeouts:
      fast: 500ms
    retries:
      steady:
        policy: constant
        duration: 1s
        maxRetries: 5
        matching:
          httpStatusCodes: 429,500-599
    circuitBreakers:
      guard:
        maxRequests: 1
        timeout: 30s
        trip: consecutiveFailures >= 5
  targets:
    apps:
      stock:
        timeout: fast
        retry: steady
        circuitBreaker: guard
    components:
      orders:
        outbound:
          retry: steady
scopes:
  - shop
`;

/** Timeouts, retries and circuit breakers. */
export const resiliency = defineKind({
  kind: 'Resiliency',
  plural: 'resiliencies',
  singular: 'resiliency',
  summary: 'Timeouts, retries and circuit breakers for calls to apps, actors and components.',
  version: 'v1alpha1',
  schema,
  columns: [
    conditionColumn('Accepted', 'Whether it makes sense.'),
    conditionColumn('Loaded', 'Whether its newest version is in use.'),
    age,
    problem,
  ],
  example,
});
