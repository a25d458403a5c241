import type { DaprResource, Pair } from '../resource.ts';

/** What a resource says is held by secrets. */
export type SecretReferences = {
  /** The secret store that it names; undefined and empty mean the cluster's. */
  store: string | undefined;
  /** By the field that refers to it, as messages name it. */
  references: { field: string; name: string; key: string }[];
};

/** A field that may refer to a secret; what the schema does not promise is looked at with care. */
type Field = readonly [field: string, Pair | null | undefined];

/** Components: settings. */
export const referencesOfComponent = ({ spec, auth }: DaprResource): SecretReferences =>
  referencesIn(auth?.secretStore, named(spec?.['metadata']));

/** Configurations: headers of the exporter of traces, which the cluster's Secrets alone can hold. */
export function referencesOfConfiguration({ spec }: DaprResource): SecretReferences {
  const tracing = spec?.['tracing'] as { otel?: { headers?: unknown } } | undefined;
  return referencesIn(undefined, named(tracing?.otel?.headers, 'spec.tracing.otel.headers '));
}

/** HTTPEndpoints: headers, and the PEMs of `clientTLS`. */
export function referencesOfHttpEndpoint({ spec, auth }: DaprResource): SecretReferences {
  const tls = Object.entries((spec?.['clientTLS'] ?? {}) as Record<string, Pair>);
  const pems = tls.map(([field, pem]): Field => [`spec.clientTLS.${field}`, pem]);
  return referencesIn(auth?.secretStore, [...named(spec?.['headers'], 'spec.headers '), ...pems]);
}

type Way = { headers?: unknown; env?: unknown; auth?: { secretStore?: string; oauth2?: Pair } };

/** MCPServers: headers, environment and the OAuth2 client's secret. */
export function referencesOfMcpServer({ spec }: DaprResource): SecretReferences {
  const ways = Object.entries((spec?.['endpoint'] ?? {}) as Record<string, Way | undefined>);
  const [way, { headers, env, auth } = {}] = ways.find(([, given]) => given) ?? [];
  const at = `spec.endpoint.${way}`;
  const pairs = [...named(headers, `${at}.headers `), ...named(env, `${at}.env `)];
  return referencesIn(auth?.secretStore, [...pairs, [`${at}.auth.oauth2`, auth?.oauth2]]);
}

const named = (pairs: unknown, at = ''): Field[] =>
  Array.isArray(pairs) ? pairs.map((pair: Pair | null): Field => [`${at}${pair?.name}`, pair]) : [];

function referencesIn(store: string | undefined, fields: readonly Field[]): SecretReferences {
  const references = fields.flatMap(([field, pair]) => {
    const { name, key } = pair?.secretKeyRef ?? {};
    return name ? [{ field, name, key: key || name }] : [];
  });
  return { store, references };
}
