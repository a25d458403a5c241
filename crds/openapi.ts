import { z } from 'zod';

/** A node of the structural OpenAPI v3 schema that Kubernetes takes. */
export type OpenApiSchema = {
  type?: string;
  format?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minLength?: number;
  minItems?: number;
  properties?: Record<string, OpenApiSchema>;
  required?: string[];
  items?: OpenApiSchema;
  additionalProperties?: OpenApiSchema;
  'x-kubernetes-preserve-unknown-fields'?: true;
  'x-kubernetes-validations'?: { rule: string; message: string }[];
  'x-kubernetes-list-type'?: string;
  'x-kubernetes-list-map-keys'?: string[];
};

type Node = Record<string, unknown> & { properties?: Record<string, Node>; required?: string[] };

const kept = [
  'type',
  'format',
  'description',
  'enum',
  'minLength',
  'minItems',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

/**
 * The structural schema of a zod schema. A field with a zod default is required in the cluster, as Dapr's are, unless
 * its meta says `optionalInCluster`; meta `clusterDefault` is filled in by the API server.
 */
export function openApi(schema: z.ZodType): OpenApiSchema {
  return clean(z.toJSONSchema(schema, { io: 'output', target: 'openapi-3.0', unrepresentable: 'any' }) as Node);
}

function clean(node: Node): OpenApiSchema {
  const out: Record<string, unknown> = Object.fromEntries(
    kept.filter((key) => node[key] !== undefined).map((key) => [key, node[key]]),
  );
  if (node['clusterDefault'] !== undefined) out['default'] = node['clusterDefault'];
  if (node['maximum'] === 2_147_483_647) out['format'] = 'int32';
  if (node.properties) out['properties'] = cleanAll(node.properties);
  if (node['items']) out['items'] = clean(node['items'] as Node);
  if (isSchema(node['additionalProperties'])) out['additionalProperties'] = clean(node['additionalProperties']);
  const required = (node.required ?? []).filter((name) => node.properties?.[name]?.['optionalInCluster'] !== true);
  if (required.length > 0) out['required'] = required.sort();
  return out;
}

const cleanAll = (nodes: Record<string, Node>): Record<string, OpenApiSchema> =>
  Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, clean(node)]));

const isSchema = (value: unknown): value is Node => typeof value === 'object' && value !== null;
