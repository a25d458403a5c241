import { stringify } from 'yaml';
import { group, type Kind, type KindVersion } from '../kind.ts';
import { type OpenApiSchema, openApi } from '../openapi.ts';

const typeMeta: Readonly<Record<string, OpenApiSchema>> = {
  apiVersion: { type: 'string', description: 'Group and version of this form of the object.' },
  kind: { type: 'string', description: 'Kind of the object.' },
  metadata: { type: 'object' },
};

/** Kinds with two versions are converted by the operator; the chart and the operator fill in namespace and CA. */
const conversion = {
  strategy: 'Webhook',
  webhook: {
    clientConfig: { service: { namespace: 'dapr-system', name: 'dapr-webhook', path: '/convert' } },
    conversionReviewVersions: ['v1', 'v2alpha1'],
  },
};

/** The CustomResourceDefinition of a kind, as an object. */
export function manifest(kind: Kind<unknown>): Record<string, unknown> {
  const { plural, singular } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/part-of': 'dapr' } },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: kind.kind, listKind: `${kind.kind}List`, plural, singular, categories: ['dapr'] },
      ...(kind.versions.length > 1 ? { conversion } : {}),
      versions: kind.versions.map((version) => versionOf(kind.summary, version)),
    },
  };
}

function versionOf(summary: string, version: KindVersion): Record<string, unknown> {
  const { properties } = openApi(version.schema);
  return {
    name: version.name,
    served: true,
    storage: version.storage,
    subresources: { status: {} },
    additionalPrinterColumns: version.columns,
    schema: {
      openAPIV3Schema: { type: 'object', description: summary, properties: { ...properties, ...typeMeta } },
    },
  };
}

/** The same as a file. */
export function manifestYaml(kind: Kind<unknown>): string {
  return `# Written by 'npm run gen:crds' from crds/; do not edit.\n${stringify(manifest(kind), { lineWidth: 120, aliasDuplicateObjects: false })}`;
}
