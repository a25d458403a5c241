import { z } from 'zod';

/** Where a value lies in a secret store. */
export const secretKeyRef = z.object({
  name: z.string().describe('Name of the secret.'),
  key: z.string().default('').describe('Key inside the secret.').meta({ optionalInCluster: true }),
});

export type SecretKeyRef = z.output<typeof secretKeyRef>;

/** Any JSON value. */
export const anyValue = z.unknown().optional().meta({ 'x-kubernetes-preserve-unknown-fields': true });

/** A named value: given in place, held by a secret, or taken from the sidecar's environment. */
export const nameValue = z.object({
  name: z.string().describe('Name of the setting.'),
  value: anyValue.describe('The value itself: a text, or any JSON, which is handed on as text.').meta({
    'x-kubernetes-preserve-unknown-fields': true,
  }),
  secretKeyRef: secretKeyRef.optional().describe('The secret that holds the value.'),
  envRef: z.string().optional().describe('Name of an environment variable of the sidecar that holds the value.'),
});

export type NameValue = z.output<typeof nameValue>;

/** A list of settings, empty where it is left out. */
export const nameValues = z.array(nameValue).default([]);

/** `auth` of a manifest. */
export const auth = z
  .object({
    secretStore: z
      .string()
      .default('')
      .describe("Secret store that `secretKeyRef` reads; empty is the platform's own."),
  })
  .optional()
  .describe('How secrets of this object are read.');

/** `scopes` of a manifest. */
export const scopes = z.array(z.string()).default([]).describe('App IDs that may use it; empty means all.').meta({
  optionalInCluster: true,
});

/**
 * A setting's value as the text a component gets: texts as they are, other JSON in compact form with sorted keys.
 * Undefined where the value is left out or null. Source: Dapr's DynamicValue.
 */
export function valueText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value, sortKeys);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
