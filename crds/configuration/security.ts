import { z } from 'zod';

/** `spec.mtls`. */
export const mtls = z.object({
  enabled: z.boolean().optional().describe('Whether sidecars speak mTLS to each other; on where left out.'),
  workloadCertTTL: z.string().optional().describe('How long an issued certificate is valid, `24h` where left out.'),
  allowedClockSkew: z.string().optional().describe('How far clocks may differ, `15m` where left out.'),
  sentryAddress: z.string().default('').describe('Host and port of sentry.'),
  controlPlaneTrustDomain: z.string().default('').describe('SPIFFE trust domain of the control plane.'),
  tokenValidators: z
    .array(
      z.object({
        name: z.enum(['jwks']).describe('Kind of validator.'),
        options: z
          .unknown()
          .optional()
          .describe('Its options: source, caCertificate, minRefreshInterval, requestTimeout.')
          .meta({
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
          }),
      }),
    )
    .optional()
    .describe('Further ways to prove who asks for a certificate.'),
});

/** `spec.accessControl`. */
export const accessControl = z.object({
  defaultAction: z.string().optional().describe('`allow` or `deny`, for callers that no policy names.'),
  trustDomain: z.string().optional().describe('Trust domain of this app; `public` where left out.'),
  policies: z
    .array(
      z.object({
        appId: z.string().default('').describe('App ID of the caller.'),
        defaultAction: z.string().optional().describe('`allow` or `deny`, for operations that are not listed.'),
        trustDomain: z.string().optional().describe('Trust domain of the caller.'),
        namespace: z.string().optional().describe('Namespace of the caller.'),
        operations: z
          .array(
            z.object({
              name: z.string().default('').describe('Path or method, with `*` as wildcard.'),
              httpVerb: z.array(z.string()).optional().describe('HTTP verbs, or `*`.'),
              action: z.string().default('').describe('`allow` or `deny`.'),
            }),
          )
          .optional()
          .describe('What the caller may do.'),
      }),
    )
    .optional()
    .describe('One entry for each caller.'),
});

/** `spec.secrets`. */
export const secrets = z.object({
  scopes: z
    .array(
      z.object({
        storeName: z.string().default('').describe('Secret store the rule is for.'),
        defaultAccess: z.string().optional().describe('`allow` or `deny`; `allow` where left out.'),
        allowedSecrets: z.array(z.string()).optional().describe('The only secrets that may be read, if any are given.'),
        deniedSecrets: z.array(z.string()).optional().describe('Secrets that may not be read.'),
      }),
    )
    .default([])
    .describe('One entry for each secret store.'),
});

const apiRules = z.array(
  z.object({
    name: z.string().default('').describe('API, such as `state` or `invoke`.'),
    version: z.string().default('').describe('Its version, such as `v1.0`.'),
    protocol: z.string().optional().describe('`http` or `grpc`; both where left out.'),
  }),
);

/** `spec.api`. */
export const api = z.object({
  allowed: apiRules.optional().describe('APIs that may be used; all where left out.'),
  denied: apiRules.optional().describe('APIs that may not be used.'),
});
