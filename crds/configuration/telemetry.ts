import { z } from 'zod';
import { nameValue } from '../name-value.ts';

/** `spec.tracing`. */
export const tracing = z.object({
  samplingRate: z
    .string()
    .default('')
    .describe('Share of requests that are traced, `0` to `1`; empty is 1 in 10,000, `0` turns tracing off.'),
  stdout: z.boolean().optional().describe("Whether spans are also written to the sidecar's log."),
  zipkin: z
    .object({
      endpointAddress: z
        .string()
        .default('')
        .describe('URL that takes spans, such as `http://zipkin:9411/api/v2/spans`.'),
    })
    .optional()
    .describe('Sends spans to Zipkin.'),
  otel: z
    .object({
      protocol: z.string().default('').describe('`grpc` or `http`.'),
      endpointAddress: z.string().default('').describe('Host and port of the collector.'),
      isSecure: z.boolean().default(true).describe('Whether the collector is reached over TLS.'),
      headers: z.array(nameValue).optional().describe('Headers of each export; in a file also as `name=value` texts.'),
      timeout: z.string().optional().describe('How long an export may take, such as `10s`.'),
    })
    .optional()
    .describe('Sends spans over OTLP.'),
});

/** `spec.metric` and its newer name `spec.metrics`. */
export const metrics = z.object({
  enabled: z.boolean().default(true).describe('Whether the sidecar serves metrics.'),
  recordErrorCodes: z.boolean().optional().describe('Whether each error code is counted.'),
  http: z
    .object({
      increasedCardinality: z.boolean().optional().describe('Whether paths become a label; on where left out.'),
      pathMatching: z.array(z.string()).optional().describe('Path templates that requests are counted under.'),
      excludeVerbs: z.boolean().optional().describe('Whether the HTTP verb is left out of the labels.'),
    })
    .optional()
    .describe('Metrics of the HTTP server.'),
  rules: z
    .array(
      z.object({
        name: z.string().default('').describe('Metric the rule is for.'),
        labels: z
          .array(
            z.object({
              name: z.string().default('').describe('Label whose values are replaced.'),
              regex: z.record(z.string(), z.string()).default({}).describe('New value by the expression it replaces.'),
            }),
          )
          .default([])
          .describe('Labels to rewrite.'),
      }),
    )
    .optional()
    .describe('Rewrites label values, so that a metric has fewer series.'),
  latencyDistributionBuckets: z
    .array(z.number().int())
    .optional()
    .describe('Bounds of the latency histograms, in milliseconds; a standard set where left out or empty.'),
});

/** `spec.logging`. */
export const logging = z.object({
  apiLogging: z
    .object({
      enabled: z
        .boolean()
        .optional()
        .describe('Whether each API call is logged, unless the sidecar is told otherwise.'),
      obfuscateURLs: z.boolean().optional().describe('Whether the route is logged in place of the path.'),
      omitHealthChecks: z.boolean().optional().describe('Whether health checks are left out.'),
    })
    .optional()
    .describe('The log of API calls.'),
});
