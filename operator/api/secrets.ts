import { fault } from '#kit/errors/fault.ts';
import type { KubeClient } from '#kit/kube/client.ts';
import { resources } from '#kit/kube/resource.ts';
import type { DaprResource, Pair } from '../resource.ts';

/** Reads a Secret's data by key: standard base64, as the API server gives it. */
export type SecretReader = (namespace: string, name: string) => Promise<Readonly<Record<string, string>>>;

/**
 * Reads Secrets one by one when they are needed, never as a list, so that the operator needs no right to list them.
 * Asking for the same one while it is being read shares the answer; nothing is kept after that, so rotation shows at once.
 */
export function secretReader(client: Pick<KubeClient, 'get'>): SecretReader {
  const pending = new Map<string, Promise<Readonly<Record<string, string>>>>();
  return (namespace, name) => {
    const key = `${namespace}/${name}`;
    const reading =
      pending.get(key) ??
      client
        .get<{ data?: Record<string, string> }>(resources.secrets, { namespace, name })
        .then((secret) => secret.data ?? {})
        .finally(() => pending.delete(key));
    pending.set(key, reading);
    return reading;
  };
}

/** Fills the secret references of a resource with values, on a copy. Throws when one cannot be filled. */
export type Resolve = (resource: DaprResource, read: SecretReader) => Promise<DaprResource>;

/** Secret references of other stores are the sidecar's to read. */
const isKubernetes = (store: unknown): boolean => store === undefined || store === '' || store === 'kubernetes';

const refersTo = (pair: Pair | null | undefined): pair is Pair & { secretKeyRef: { name: string; key?: string } } =>
  Boolean(pair?.secretKeyRef?.name);

/** The base64 of a reference's value; the key defaults to the Secret's name. */
async function encoded(pair: Pair, namespace: string, read: SecretReader): Promise<string | undefined> {
  const { name = '', key } = pair.secretKeyRef!;
  return (await read(namespace, name))[key || name];
}

/** Components: the value becomes base64 text, which the sidecar decodes; a missing key leaves the value as it is. */
export const resolveComponent: Resolve = async (resource, read) => {
  const pairs = resource.spec?.['metadata'] as Pair[] | undefined;
  if (!isKubernetes(resource.auth?.secretStore) || !pairs?.some(refersTo)) return resource;
  const namespace = resource.metadata.namespace ?? '';
  const filled = pairs.map(async (pair) => {
    const value = refersTo(pair) ? await encoded(pair, namespace, read) : undefined;
    return value === undefined ? pair : { ...pair, value };
  });
  return { ...resource, spec: { ...resource.spec, metadata: await Promise.all(filled) } };
};

/** As a component's, but a missing key makes the value null. */
function fillPairs(pairs: readonly Pair[], namespace: string, read: SecretReader): Promise<Pair[]> {
  return Promise.all(
    pairs.map(async (pair) =>
      refersTo(pair) ? { ...pair, value: (await encoded(pair, namespace, read)) ?? null } : pair,
    ),
  );
}

/** HTTPEndpoints: headers, and the three PEMs of `clientTLS`. */
export const resolveHttpEndpoint: Resolve = async (resource, read) => {
  if (!isKubernetes(resource.auth?.secretStore) || !resource.spec) return resource;
  const namespace = resource.metadata.namespace ?? '';
  const spec = { ...resource.spec };
  if (Array.isArray(spec['headers'])) spec['headers'] = await fillPairs(spec['headers'] as Pair[], namespace, read);
  const tls = spec['clientTLS'] as Record<string, Pair> | undefined;
  if (tls) {
    const filled = { ...tls };
    for (const name of ['rootCA', 'certificate', 'privateKey'])
      if (refersTo(tls[name])) filled[name] = (await fillPairs([tls[name]], namespace, read))[0]!;
    spec['clientTLS'] = filled;
  }
  return { ...resource, spec };
};

type McpTransport = { headers?: Pair[]; env?: Pair[]; auth?: { secretStore?: string } };

/** MCPServers: headers of the HTTP transports, environment of a child process. */
export const resolveMcpServer: Resolve = async (resource, read) => {
  const endpoint = resource.spec?.['endpoint'] as Record<string, McpTransport | undefined> | undefined;
  const kind = ['streamableHTTP', 'sse', 'stdio'].find((name) => endpoint?.[name]);
  const transport = kind === undefined ? undefined : endpoint?.[kind];
  if (!kind || !transport || !isKubernetes(transport.auth?.secretStore)) return resource;
  const field = kind === 'stdio' ? 'env' : 'headers';
  const pairs = transport[field];
  if (!pairs?.some(refersTo)) return resource;
  const filled = await fillPairs(pairs, resource.metadata.namespace ?? '', read);
  return {
    ...resource,
    spec: { ...resource.spec, endpoint: { ...endpoint, [kind]: { ...transport, [field]: filled } } },
  };
};

/** Configurations: headers of the OTLP exporter, as plain text; a reference without a key, or to a missing one, is an error. */
export const resolveConfiguration: Resolve = async (resource, read) => {
  const tracing = resource.spec?.['tracing'] as { otel?: { headers?: Pair[] } } | undefined;
  const headers = tracing?.otel?.headers;
  if (!Array.isArray(headers) || !headers.some(refersTo)) return resource;
  const namespace = resource.metadata.namespace ?? '';
  const filled = headers.map(async (header) => {
    if (!refersTo(header)) return header;
    const { name, key } = header.secretKeyRef;
    if (!key) throw fault('invalid-resource', `secret key is required for header ${header.name}`);
    const value = (await read(namespace, name))[key];
    if (value === undefined) throw fault('not-found', `key ${key} not found in secret ${name}`);
    return { ...header, value: Buffer.from(value, 'base64').toString('utf8') };
  });
  const otel = { ...tracing!.otel, headers: await Promise.all(filled) };
  return { ...resource, spec: { ...resource.spec, tracing: { ...tracing, otel } } };
};

/** For kinds without secrets. */
export const resolveNothing: Resolve = (resource) => Promise.resolve(resource);
