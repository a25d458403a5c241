import { z } from 'zod';
import { age, conditionColumn, problem } from './columns.ts';
import { accessControl, api, mtls, secrets } from './configuration/security.ts';
import { logging, metrics, tracing } from './configuration/telemetry.ts';
import { workflow } from './configuration/workflow.ts';
import { defineKind } from './kind.ts';
import { envelope, status } from './metav1.ts';

const pipeline = z.object({
  handlers: z
    .array(
      z.object({
        name: z.string().default('').describe('Name of the middleware component.'),
        type: z.string().default('').describe('Its type, such as `middleware.http.ratelimit`.'),
        version: z.string().optional().describe('Version of the type.'),
        selector: z
          .object({
            fields: z
              .array(z.object({ field: z.string().default(''), value: z.string().default('') }))
              .default([])
              .describe('Accepted for compatibility.'),
          })
          .optional()
          .describe('Accepted for compatibility; has no effect.'),
      }),
    )
    .default([])
    .describe('Middleware in the order in which requests pass it.'),
});

const spec = z.object({
  httpPipeline: pipeline.optional().describe('Middleware on requests to the sidecar.'),
  appHttpPipeline: pipeline.optional().describe('Middleware on requests to the app.'),
  tracing: tracing.optional().describe('Distributed tracing.'),
  metric: metrics
    .optional()
    .describe('Metrics, under their older name.')
    .meta({ clusterDefault: { enabled: true } }),
  metrics: metrics
    .optional()
    .describe('Metrics; laid over `metric`.')
    .meta({ clusterDefault: { enabled: true } }),
  mtls: mtls.optional().describe('Identity and encryption; read from the Configuration of the control plane.'),
  secrets: secrets.optional().describe('Which secrets the app may read.'),
  accessControl: accessControl.optional().describe('Who may call the app.'),
  nameResolution: z
    .object({
      component: z.string().default('').describe('Resolver, such as `kubernetes`, `mdns` or `sqlite`.'),
      version: z.string().default('').describe('Version of the resolver.'),
      configuration: z.unknown().optional().describe('Options of the resolver.').meta({
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
      }),
    })
    .optional()
    .describe('How app IDs become addresses.'),
  features: z
    .array(
      z.object({
        name: z.string().default('').describe('Name of the feature.'),
        enabled: z.boolean().default(false).describe('Whether it is on.'),
      }),
    )
    .optional()
    .describe('Preview features.'),
  api: api.optional().describe('Which APIs the app may use.'),
  components: z
    .object({ deny: z.array(z.string()).optional().describe('Component types that may not be loaded.') })
    .optional()
    .describe('Which components may be loaded.'),
  logging: logging.optional().describe('What is logged.'),
  wasm: z
    .object({
      strictSandbox: z.boolean().optional().describe('Whether Wasm components get no clock and no randomness.'),
    })
    .optional()
    .describe('Limits on Wasm components.'),
  workflow: workflow.optional().describe('Limits on workflows.'),
});

const schema = z.object({
  ...envelope,
  spec: spec.prefault({}).describe('Settings of the sidecars, or of the control plane, that use it.'),
  status,
});

export type Configuration = z.output<typeof schema>;

/** In a file, OTLP headers may be `name=value` texts. */
function withHeaderPairs(manifest: Record<string, unknown>): Record<string, unknown> {
  const { spec } = manifest as { spec?: { tracing?: { otel?: { headers?: unknown } } } };
  const headers = spec?.tracing?.otel?.headers;
  if (!Array.isArray(headers) || !headers.some((header) => typeof header === 'string')) return manifest;
  const pairs = headers.map((header) => (typeof header === 'string' ? pair(header) : header));
  const otel = { ...spec?.tracing?.otel, headers: pairs };
  return { ...manifest, spec: { ...spec, tracing: { ...spec?.tracing, otel } } };
}

function pair(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  return at < 0 ? { name: text, value: '' } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

const example = `apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: shop
spec:
  tracing:
    samplingRate: "0.1"
    otel:
      protocol: grpc
      endpointAddress: collector.observability:4317
      isSecure: false
  metrics:
    enabled: true
    http:
      increasedCardinality: false
      pathMatching:
        - /orders/{id}
  secrets:
    scopes:
      - storeName: kubernetes
        defaultAccess: deny
        allowedSecrets: [redis]
  accessControl:
    defaultAction: deny
    trustDomain: public
    policies:
      - appId: checkout
        namespace: shop
        trustDomain: public
        defaultAction: deny
        operations:
          - name: /orders/*
            httpVerb: [POST]
            action: allow
  logging:
    apiLogging:
      enabled: true
      omitHealthChecks: true
`;

/** Settings of sidecars, and of the control plane itself. */
export const configuration = defineKind({
  kind: 'Configuration',
  plural: 'configurations',
  singular: 'configuration',
  summary: 'Settings of the sidecars that name it by the annotation `dapr.io/config`, or of the control plane.',
  version: 'v1alpha1',
  schema,
  columns: [conditionColumn('Accepted', 'Whether its settings make sense.'), age, problem],
  example,
  prepare: withHeaderPairs,
});
