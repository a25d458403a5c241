import { version as release } from '#kit/version.ts';
import { group, type Kind, type KindVersion } from './kind.ts';
import { type OpenApiSchema, openApi } from './openapi.ts';

const typeMeta: Readonly<Record<string, OpenApiSchema>> = {
  apiVersion: { type: 'string', description: 'Group and version of this form of the object.' },
  kind: { type: 'string', description: 'Kind of the object.' },
  metadata: { type: 'object' },
};

/** Kinds with two versions are converted by the operator; the chart and the operator fill in namespace and CA. */
export const conversion = {
  strategy: 'Webhook',
  webhook: {
    clientConfig: { service: { namespace: 'dapr-system', name: 'dapr-webhook', path: '/convert' } },
    conversionReviewVersions: ['v1', 'v2alpha1'],
  },
};

/** On a CustomResourceDefinition: the release whose schemas it has. */
export const releaseAnnotation = 'outrigger.dev/version';

/** A CustomResourceDefinition, as far as we make it. */
export type Definition = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
  spec: { names: object; versions: object[]; conversion?: typeof conversion } & Record<string, unknown>;
};

/** The CustomResourceDefinition of a kind. */
export function definition(kind: Kind<unknown>): Definition {
  const { plural, singular } = kind;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/part-of': 'dapr' },
      annotations: { [releaseAnnotation]: release },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: kind.kind, listKind: `${kind.kind}List`, plural, singular, categories: ['dapr'] },
      ...(kind.versions.length > 1 ? { conversion } : {}),
      versions: kind.versions.map((version) => versionOf(kind.summary, version)),
    },
  };
}

function versionOf(summary: string, version: KindVersion): object {
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
