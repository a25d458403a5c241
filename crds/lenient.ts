import { type Fields, isFields } from '#kit/values/fields.ts';
import type { OpenApiSchema } from './openapi.ts';

/**
 * A manifest as Go's decoder would read it into the schema's types: unknown fields fall away, field names match in any
 * case, null counts as left out, numbers and booleans become texts where a text is wanted. What still has the wrong
 * type stays as it is, to be refused by name. Source: sigs.k8s.io/yaml, which Dapr reads files with.
 */
export function lenient(value: unknown, schema: OpenApiSchema): unknown {
  if (value === null) return undefined;
  if (schema['x-kubernetes-preserve-unknown-fields']) return value;
  if (schema.type === 'string') return isScalar(value) ? String(value) : value;
  if (schema.type === 'array' && Array.isArray(value)) {
    return value.map((item) => lenient(item, schema.items ?? {}) ?? zero(schema.items));
  }
  if (schema.type === 'object' && isFields(value)) return lenientObject(value, schema);
  return value;
}

function lenientObject(value: Fields, schema: OpenApiSchema): Fields {
  const out: Fields = {};
  if (schema.additionalProperties) {
    for (const [key, item] of Object.entries(value)) {
      out[key] = lenient(item, schema.additionalProperties) ?? zero(schema.additionalProperties);
    }
    return out;
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const found = lenient(fieldOf(value, name), property);
    if (found !== undefined) out[name] = found;
  }
  return out;
}

function fieldOf(value: Fields, name: string): unknown {
  if (Object.hasOwn(value, name)) return value[name];
  const lower = name.toLowerCase();
  const other = Object.keys(value).find((key) => key.toLowerCase() === lower);
  return other === undefined ? undefined : value[other];
}

function zero(schema: OpenApiSchema | undefined): unknown {
  const zeros: Readonly<Record<string, unknown>> = { string: '', integer: 0, boolean: false, array: [], object: {} };
  return schema?.type === undefined ? undefined : structuredClone(zeros[schema.type]);
}

const isScalar = (value: unknown): boolean => ['number', 'boolean', 'bigint'].includes(typeof value);
