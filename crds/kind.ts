import type { z } from 'zod';
import { type Fault, fault } from '#kit/errors/fault.ts';
import { lenient } from './lenient.ts';
import { type OpenApiSchema, openApi } from './openapi.ts';

/** The API group of Dapr's kinds. */
export const group = 'dapr.io';

/** A column of `kubectl get`. */
export type PrinterColumn = {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description: string;
};

export type KindVersion = {
  name: string;
  /** The one that the API server stores; others are converted. */
  storage: boolean;
  schema: z.ZodObject;
  columns: readonly PrinterColumn[];
  /** A full manifest for the docs; every example is accepted by the cluster and by `parse`. */
  example: string;
};

export type KindOptions<S extends z.ZodObject> = {
  kind: string;
  plural: string;
  singular: string;
  /** What it is for, in a sentence or two. */
  summary: string;
  version: string;
  schema: S;
  columns: readonly PrinterColumn[];
  example: string;
  /** Versions that are served beside the stored one. */
  otherVersions?: readonly KindVersion[];
  /** Mends a raw manifest before it is read: other versions, forms that only files have. */
  prepare?(manifest: Record<string, unknown>): Record<string, unknown>;
};

/** One kind of the `dapr.io` group: its names, its schema, and how a manifest of it is read. */
export type Kind<T> = {
  kind: string;
  plural: string;
  singular: string;
  summary: string;
  /** Group and stored version, `dapr.io/v1alpha1`. */
  apiVersion: string;
  versions: readonly KindVersion[];
  /**
   * Reads a manifest, from a file or from the API server, as leniently as Dapr does.
   * Throws `invalid-resource` that names kind, object and every bad field, a line each.
   */
  parse(manifest: unknown): T;
};

/** Makes a kind from its schema. */
export function defineKind<S extends z.ZodObject>(options: KindOptions<S>): Kind<z.output<S>> {
  const { kind, plural, singular, summary, schema } = options;
  let structure: OpenApiSchema | undefined;
  const own: KindVersion = {
    name: options.version,
    storage: true,
    schema,
    columns: options.columns,
    example: options.example,
  };
  return {
    kind,
    plural,
    singular,
    summary,
    apiVersion: `${group}/${options.version}`,
    versions: [...(options.otherVersions ?? []), own],
    parse(manifest) {
      if (typeof manifest !== 'object' || manifest === null || Array.isArray(manifest)) {
        throw fault('invalid-resource', `a ${kind} must be an object, got ${nameOf(manifest)}`);
      }
      structure ??= openApi(schema);
      const prepared = options.prepare?.(manifest as Record<string, unknown>) ?? manifest;
      const parsed = schema.safeParse(lenient(prepared, structure));
      if (!parsed.success) throw problems(kind, prepared, parsed.error);
      return parsed.data;
    },
  };
}

function problems(kind: string, manifest: unknown, error: z.ZodError): Fault {
  const { metadata } = manifest as { metadata?: { name?: unknown } };
  const lines = error.issues.map(
    (issue) => `${fieldPath(issue.path)}: ${describe(issue, valueAt(manifest, issue.path))}`,
  );
  return fault('invalid-resource', `${kind} "${String(metadata?.name ?? '')}" is not valid: ${lines.join('; ')}`);
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}, got ${nameOf(value)}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small') return issue.origin === 'array' ? 'must not be empty' : 'must not be blank';
  return issue.message;
}

/** `['spec', 'metadata', 2, 'name']` → `spec.metadata[2].name`. */
function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text === '' ? '' : `${text}.`}${String(step)}`),
    '',
  );
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined,
    root,
  );
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return article(Array.isArray(value) ? 'list' : typeof value);
}

function article(noun: string): string {
  const plain = ({ array: 'list', int: 'whole number', record: 'object' } as Record<string, string>)[noun] ?? noun;
  return `${/^[aeiou]/.test(plain) ? 'an' : 'a'} ${plain}`;
}
