import type { IncomingMessage } from 'node:http';
import { Fault, fault } from '#kit/errors/fault.ts';
import type { KubeConnection } from './connection.ts';
import type { KubeObject } from './object.ts';
import { apiVersion, type Resource, resourcePath } from './resource.ts';
import { statusFault } from './status.ts';
import { type KubeTransport, kubeTransport } from './transport.ts';
import { type WatchEvent, watchEvents } from './watch.ts';

/** Which object: `subresource` is `status`, `eviction`, `token`… */
export type ObjectAt = { namespace?: string; name: string; subresource?: string };

export type ListOptions = {
  /** Empty or absent lists every namespace. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Ask for metadata alone (`PartialObjectMetadata`). */
  metadataOnly?: boolean;
  /** Page size; a server may ignore it. */
  limit?: number;
  continue?: string;
  /** `'0'` answers from the server's cache; absent is the most recent. */
  resourceVersion?: string;
};

/** A page as the server sent it, except that `items` is never null. */
export type ObjectList<T> = { metadata?: { resourceVersion?: string; continue?: string }; items: T[] };

export type WatchOptions = Omit<ListOptions, 'limit' | 'continue'> & {
  /** The server ends the watch by itself after that long. */
  timeoutSeconds?: number;
  /** Called for whatever arrives, bookmarks included. */
  heard?: () => void;
};

export type Patch =
  | { type: 'merge'; body: unknown }
  | { type: 'json'; body: readonly unknown[] }
  /** Server-side apply: the body needs apiVersion, kind and name. */
  | { type: 'apply'; body: unknown; fieldManager: string; force?: boolean };

export type DeleteOptions = {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
  propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
};

/**
 * A thin client of the Kubernetes API: objects in, objects out, as the server has them. Every failure is a fault that
 * names verb, path and status: `not-found`, `conflict`, `already-exists`, `gone`, `permission-denied`, `unavailable`…
 * Calls end after 30 s, or as their signal fires.
 */
export type KubeClient = Disposable & {
  readonly connection: KubeConnection;
  get<T = KubeObject>(resource: Resource, at: ObjectAt, signal?: AbortSignal): Promise<T>;
  list<T = KubeObject>(resource: Resource, options?: ListOptions, signal?: AbortSignal): Promise<ObjectList<T>>;
  /** Creates in the object's own namespace; with `at`, at a subresource such as `eviction`. */
  create<T = KubeObject>(resource: Resource, object: object, at?: Partial<ObjectAt>, signal?: AbortSignal): Promise<T>;
  /** Replaces the whole object; `conflict` when its resourceVersion is not the current one. */
  update<T = KubeObject>(
    resource: Resource,
    object: T & object,
    subresource?: string,
    signal?: AbortSignal,
  ): Promise<T>;
  patch<T = KubeObject>(resource: Resource, at: ObjectAt, patch: Patch, signal?: AbortSignal): Promise<T>;
  delete(resource: Resource, at: ObjectAt, options?: DeleteOptions, signal?: AbortSignal): Promise<void>;
  /** Changes as they come, until the server ends the watch (returns) or it fails (throws). */
  watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
};

const callMs = 30_000;
const plain = 'application/json';
const metadataAs = (kind: string) => `application/json;as=${kind};g=meta.k8s.io;v=v1,application/json`;
const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** Opens a client; closing it closes its idle connections. */
export function kubeClient(
  connection: KubeConnection,
  transport: KubeTransport = kubeTransport(connection),
): KubeClient {
  const call = async <T>(
    method: string,
    path: string,
    extra: { body?: unknown; contentType?: string; accept?: string; signal?: AbortSignal | undefined } = {},
  ): Promise<T> => {
    const late = AbortSignal.timeout(callMs);
    const response = await transport({
      method,
      path,
      accept: extra.accept ?? plain,
      signal: extra.signal ? AbortSignal.any([extra.signal, late]) : late,
      ...(extra.body === undefined
        ? {}
        : { body: JSON.stringify(extra.body), contentType: extra.contentType ?? plain }),
    });
    const name = `${method} ${path}`;
    const text = await readText(response, name);
    if (!isSuccess(response)) throw statusFault(name, response.statusCode ?? 0, text);
    return parseBody<T>(text, name);
  };
  return {
    connection,
    get: (resource, at, signal) => call('GET', resourcePath(resource, at), { signal }),
    list: async <T>(resource: Resource, options: ListOptions = {}, signal?: AbortSignal) => {
      const accept = options.metadataOnly ? metadataAs('PartialObjectMetadataList') : plain;
      const path = resourcePath(resource, place(options)) + query(options);
      const page = await call<ObjectList<T> & { items: T[] | null }>('GET', path, { accept, signal });
      return { ...page, items: page.items ?? [] };
    },
    create: (resource, object, at, signal) => {
      const namespace = at?.namespace ?? (object as Partial<KubeObject>).metadata?.namespace ?? '';
      const body = { apiVersion: apiVersion(resource), kind: resource.kind, ...object };
      return call('POST', resourcePath(resource, { ...at, namespace }), { body, signal });
    },
    update: (resource, object, subresource, signal) => {
      const { namespace = '', name = '' } = (object as unknown as KubeObject).metadata;
      const body = { apiVersion: apiVersion(resource), kind: resource.kind, ...object };
      return call('PUT', resourcePath(resource, { namespace, name, ...(subresource && { subresource }) }), {
        body,
        signal,
      });
    },
    patch: (resource, at, patch, signal) => {
      const apply = patch.type === 'apply' ? `?fieldManager=${patch.fieldManager}&force=${patch.force ?? false}` : '';
      const path = resourcePath(resource, at) + apply;
      return call('PATCH', path, { body: patch.body, contentType: patchTypes[patch.type], signal });
    },
    delete: async (resource, at, options, signal) => {
      await call('DELETE', resourcePath(resource, at), { signal, ...(options && { body: options }) });
    },
    watch: (resource, options, signal) => watch(transport, resource, options, signal),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

async function* watch(
  transport: KubeTransport,
  resource: Resource,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, void, void> {
  const path = `${resourcePath(resource, place(options))}${query(options, { watch: 'true', allowWatchBookmarks: 'true' })}`;
  const accept = options.metadataOnly ? metadataAs('PartialObjectMetadata') : plain;
  const response = await transport({ method: 'GET', path, accept, signal });
  const name = `WATCH ${path}`;
  if (!isSuccess(response)) throw statusFault(name, response.statusCode ?? 0, await readText(response, name));
  try {
    yield* watchEvents(response, name, options.heard);
  } catch (thrown) {
    throw broken(name, thrown);
  } finally {
    response.destroy();
  }
}

const place = (options: ListOptions): { namespace?: string } =>
  options.namespace ? { namespace: options.namespace } : {};

function query(options: WatchOptions & ListOptions, fixed: Record<string, string> = {}): string {
  const words = new URLSearchParams(fixed);
  const names = ['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'timeoutSeconds'] as const;
  for (const name of names) {
    const value = options[name];
    if (value !== undefined && value !== '') words.set(name, String(value));
  }
  return words.size === 0 ? '' : `?${words}`;
}

const isSuccess = (response: IncomingMessage): boolean =>
  response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300;

async function readText(response: IncomingMessage, name: string): Promise<string> {
  try {
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    return Buffer.concat(parts).toString('utf8');
  } catch (thrown) {
    throw broken(name, thrown);
  }
}

function parseBody<T>(text: string, name: string): T {
  try {
    return (text === '' ? {} : JSON.parse(text)) as T;
  } catch (cause) {
    throw fault('unavailable', `${name}: the answer is not JSON`, { cause });
  }
}

function broken(name: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return fault('unavailable', `${name}: the connection broke: ${(thrown as Error).message}`, { cause: thrown });
}
