import { group, type Kind, type KindVersion } from '../kind.ts';
import { type OpenApiSchema, openApi } from '../openapi.ts';

type Row = { path: string; type: string; required: boolean; text: string };

/** The docs page of a kind: what it is for, an example, and every field. */
export function page(kind: Kind<unknown>): string {
  const newestFirst = kind.versions.toReversed();
  return [
    `<!-- Written by 'npm run gen:crds' from crds/; do not edit. -->`,
    `# ${kind.kind}`,
    kind.summary,
    ...newestFirst.flatMap((version) => section(version)),
  ]
    .join('\n\n')
    .concat('\n');
}

function section(version: KindVersion): string[] {
  const { properties = {} } = openApi(version.schema);
  const shown = Object.entries(properties).filter(([name]) => !['apiVersion', 'kind', 'metadata'].includes(name));
  const rows = shown.flatMap(([name, schema]) => rowsOf(name, schema, false));
  return [
    `## ${group}/${version.name}`,
    `\`\`\`yaml\n${version.example.trimEnd()}\n\`\`\``,
    [
      '| Field | Type | Required | What it is |',
      '|---|---|---|---|',
      ...rows.map((row) => `| \`${row.path}\` | ${row.type} | ${row.required ? 'yes' : ''} | ${row.text} |`),
    ].join('\n'),
  ];
}

function rowsOf(path: string, schema: OpenApiSchema, required: boolean): Row[] {
  const text = [schema.description ?? '', choices(schema)].filter(Boolean).join(' ').replaceAll('|', '\\|');
  return [{ path, type: typeOf(schema), required, text }, ...below(path, schema)];
}

function below(path: string, schema: OpenApiSchema): Row[] {
  if (schema.items) return below(`${path}[]`, schema.items);
  if (schema.additionalProperties) return below(`${path}.<name>`, schema.additionalProperties);
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    rowsOf(`${path}.${name}`, inner, schema.required?.includes(name) === true),
  );
}

function choices(schema: OpenApiSchema): string {
  const words = (schema.enum ?? []).map((word) => `\`${String(word)}\``).join(', ');
  const filled = schema.default === undefined ? '' : `Default: \`${JSON.stringify(schema.default)}\`.`;
  return [words === '' ? '' : `One of ${words}.`, filled].filter(Boolean).join(' ');
}

function typeOf(schema: OpenApiSchema): string {
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.type ?? 'any';
}
