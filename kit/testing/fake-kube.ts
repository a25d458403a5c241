import { fault } from '../errors/fault.ts';
import type { KubeClient, ListOptions, ObjectAt, Patch } from '../kube/client.ts';
import type { KubeObject } from '../kube/object.ts';
import { type Resource, resourcePath } from '../kube/resource.ts';
import { type FakeObjects, fakeObjects, nameOf, pathOf } from './fake-objects.ts';

export type FakeKube = {
  client: KubeClient;
  /** Puts an object there as somebody else would; watches hear of it. */
  put(resource: Resource, object: object): KubeObject;
  remove(resource: Resource, at: { namespace?: string; name: string }): void;
  read<T = KubeObject>(resource: Resource, at: { namespace?: string; name: string }): T | undefined;
  all<T = KubeObject>(resource: Resource): T[];
  /** Ends every open watch, as a server does now and then; with a fault, fails them. */
  endWatches(thrown?: Error): void;
  /** Watches hear of nothing until switched back. */
  muteWatches(muted: boolean): void;
  /** The next call of that verb (`get`, `list`, `create`…) fails. */
  failNext(verb: string, thrown: Error): void;
  /** `verb path` of every call so far. */
  calls: string[];
};

/** An API server in memory: versions, conflicts, watches and merge patches, for tests of what is built on KubeClient. */
export function fakeKube(): FakeKube {
  const objects = fakeObjects();
  const failures = new Map<string, Error[]>();
  const calls: string[] = [];
  const begin = (verb: string, path: string): void => {
    calls.push(`${verb} ${path}`);
    const thrown = failures.get(verb)?.shift();
    if (thrown) throw thrown;
  };
  return {
    client: fakeClient(objects, begin),
    calls,
    put: (resource, object) => objects.put(resource, object as KubeObject),
    remove: objects.remove,
    read: <T>(resource: Resource, at: { namespace?: string; name: string }) =>
      objects.find(resource, at) as T | undefined,
    all: <T>(resource: Resource) => objects.list(resource, {}) as T[],
    endWatches: (thrown) => objects.endWatches(thrown),
    muteWatches: objects.muteWatches,
    failNext: (verb, thrown) => void failures.set(verb, [...(failures.get(verb) ?? []), thrown]),
  };
}

/** `begin` is told of each call before anything else, and may fail it. */
function fakeClient(objects: FakeObjects, begin: (verb: string, path: string) => void): KubeClient {
  const found = (resource: Resource, { namespace = '', name }: ObjectAt): KubeObject => {
    const object = objects.find(resource, { namespace, name });
    if (!object) throw fault('not-found', `GET ${resourcePath(resource, { namespace, name })}: 404 NotFound`);
    return object;
  };
  return {
    connection: { server: new URL('http://fake'), namespace: '', tls: {}, authorization: async () => undefined },
    async get<T>(resource: Resource, at: ObjectAt) {
      begin('get', resourcePath(resource, at));
      return found(resource, at) as T;
    },
    async list<T>(resource: Resource, options: ListOptions = {}) {
      begin('list', resourcePath(resource, options));
      return { metadata: { resourceVersion: objects.version() }, items: objects.list(resource, options) as T[] };
    },
    async create<T>(resource: Resource, object: object, at: Partial<ObjectAt> = {}) {
      const given = object as KubeObject;
      begin('create', resourcePath(resource, { namespace: given.metadata?.namespace ?? '', ...at }));
      if (at.subresource) return given as T;
      if (objects.find(resource, nameOf(given)))
        throw fault('already-exists', `POST ${pathOf(resource, given)}: 409 AlreadyExists`);
      return objects.put(resource, given) as T;
    },
    async update<T>(resource: Resource, object: T & object, subresource?: string) {
      const given = object as unknown as KubeObject;
      const at = nameOf(given);
      begin('update', resourcePath(resource, { ...at, ...(subresource && { subresource }) }));
      const current = found(resource, at);
      const asked = given.metadata.resourceVersion;
      if (asked && asked !== current.metadata.resourceVersion) throw fault('conflict', `PUT ${at.name}: 409 Conflict`);
      return objects.put(resource, given) as T;
    },
    async patch<T>(resource: Resource, at: ObjectAt, patch: Patch) {
      begin('patch', resourcePath(resource, at));
      if (patch.type === 'json') throw fault('unimplemented', 'the fake knows merge and apply patches only');
      return objects.put(resource, merge(found(resource, at), patch.body) as KubeObject) as T;
    },
    async delete(resource, at) {
      begin('delete', resourcePath(resource, at));
      found(resource, at);
      objects.remove(resource, at);
    },
    watch(resource, options, signal) {
      begin('watch', resourcePath(resource, options));
      return objects.watch(resource, options, signal);
    },
    [Symbol.dispose]: () => {},
  };
}

/** JSON merge patch (RFC 7386). */
function merge(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const base = target !== null && typeof target === 'object' && !Array.isArray(target) ? target : {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
