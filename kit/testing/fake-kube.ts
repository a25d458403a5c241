import { fault } from '../errors/fault.ts';
import type { KubeClient, ListOptions, ObjectAt, Patch } from '../kube/client.ts';
import type { KubeObject } from '../kube/object.ts';
import { type Resource, resourcePath } from '../kube/resource.ts';
import type { WatchEvent } from '../kube/watch.ts';

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

type Watcher = { collection: string; options: ListOptions; push(event: WatchEvent | Error | undefined): void };

/** An API server in memory: versions, conflicts, watches and merge patches, for tests of what is built on KubeClient. */
export function fakeKube(): FakeKube {
  const objects = new Map<string, { collection: string; object: KubeObject }>();
  const watchers = new Set<Watcher>();
  const failures = new Map<string, Error[]>();
  const calls: string[] = [];
  const history: { version: number; collection: string; event: WatchEvent }[] = [];
  let version = 0;
  let muted = false;

  const notify = (collection: string, type: WatchEvent['type'], object: KubeObject): void => {
    if (muted) return;
    history.push({ version, collection, event: { type, object: structuredClone(object) } });
    for (const watcher of watchers)
      if (watcher.collection === collection && selected(object, watcher.options))
        watcher.push({ type, object: structuredClone(object) });
  };
  const store = (resource: Resource, object: KubeObject): KubeObject => {
    const collection = resourcePath(resource);
    const path = pathOf(resource, object);
    const known = objects.get(path)?.object.metadata;
    version += 1;
    const metadata = { uid: known?.uid ?? `uid-${version}`, ...object.metadata, resourceVersion: String(version) };
    const stored = { ...structuredClone(object), metadata };
    objects.set(path, { collection, object: stored });
    notify(collection, known ? 'MODIFIED' : 'ADDED', stored);
    return structuredClone(stored);
  };
  const begin = (verb: string, path: string): void => {
    calls.push(`${verb} ${path}`);
    const thrown = failures.get(verb)?.shift();
    if (thrown) throw thrown;
  };
  const find = (resource: Resource, at: ObjectAt): KubeObject => {
    const path = resourcePath(resource, { namespace: at.namespace ?? '', name: at.name });
    const found = objects.get(path);
    if (!found) throw fault('not-found', `GET ${path}: 404 NotFound`);
    return structuredClone(found.object);
  };
  const inCollection = (resource: Resource, options: ListOptions): KubeObject[] =>
    [...objects.values()]
      .filter((entry) => entry.collection === resourcePath(resource) && selected(entry.object, options))
      .map((entry) => structuredClone(entry.object));

  const client: KubeClient = {
    connection: { server: new URL('http://fake'), namespace: '', tls: {}, authorization: async () => undefined },
    async get<T>(resource: Resource, at: ObjectAt) {
      begin('get', resourcePath(resource, at));
      return find(resource, at) as T;
    },
    async list<T>(resource: Resource, options: ListOptions = {}) {
      begin('list', resourcePath(resource, options));
      return { metadata: { resourceVersion: String(version) }, items: inCollection(resource, options) as T[] };
    },
    async create<T>(resource: Resource, object: object, at: Partial<ObjectAt> = {}) {
      const given = object as KubeObject;
      begin('create', resourcePath(resource, { namespace: given.metadata?.namespace ?? '', ...at }));
      if (at.subresource) return given as T;
      if (objects.has(pathOf(resource, given)))
        throw fault('already-exists', `POST ${pathOf(resource, given)}: 409 AlreadyExists`);
      return store(resource, given) as T;
    },
    async update<T>(resource: Resource, object: T & object, subresource?: string) {
      const given = object as unknown as KubeObject;
      const at = { namespace: given.metadata.namespace ?? '', name: given.metadata.name ?? '' };
      begin('update', resourcePath(resource, { ...at, ...(subresource && { subresource }) }));
      const current = find(resource, at);
      const asked = given.metadata.resourceVersion;
      if (asked && asked !== current.metadata.resourceVersion) throw fault('conflict', `PUT ${at.name}: 409 Conflict`);
      return store(resource, given) as T;
    },
    async patch<T>(resource: Resource, at: ObjectAt, patch: Patch) {
      begin('patch', resourcePath(resource, at));
      if (patch.type === 'json') throw fault('unimplemented', 'the fake knows merge and apply patches only');
      return store(resource, merge(find(resource, at), patch.body) as KubeObject) as T;
    },
    async delete(resource, at) {
      begin('delete', resourcePath(resource, at));
      find(resource, at);
      remove(resource, at);
    },
    watch(resource, options, signal) {
      begin('watch', resourcePath(resource, options));
      const collection = resourcePath(resource);
      const since = Number(options.resourceVersion || version);
      const missed = history.filter((past) => past.collection === collection && past.version > since);
      const events = missed.map((past) => past.event).filter((event) => selected(event.object, options));
      return watching(watchers, { collection, options }, events, signal);
    },
    [Symbol.dispose]: () => {},
  };
  const remove = (resource: Resource, at: { namespace?: string; name: string }): void => {
    const path = resourcePath(resource, at);
    const found = objects.get(path);
    if (!found) return;
    objects.delete(path);
    version += 1;
    const metadata = { ...found.object.metadata, resourceVersion: String(version) };
    notify(found.collection, 'DELETED', { ...found.object, metadata });
  };
  return {
    client,
    calls,
    put: (resource, object) => store(resource, object as KubeObject),
    remove,
    read: <T>(resource: Resource, at: { namespace?: string; name: string }) =>
      structuredClone(objects.get(resourcePath(resource, at))?.object) as T | undefined,
    all: <T>(resource: Resource) => inCollection(resource, {}) as T[],
    endWatches: (thrown) => {
      for (const watcher of [...watchers]) watcher.push(thrown);
    },
    muteWatches: (value) => {
      muted = value;
    },
    failNext: (verb, thrown) => void failures.set(verb, [...(failures.get(verb) ?? []), thrown]),
  };
}

const pathOf = (resource: Resource, object: KubeObject): string =>
  resourcePath(resource, { namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' });

function selected(object: KubeObject, options: ListOptions): boolean {
  if (options.namespace && object.metadata.namespace !== options.namespace) return false;
  const fields = (options.fieldSelector ?? '').split(',').filter(Boolean);
  if (!fields.every((term) => fieldHolds(object, term))) return false;
  return (options.labelSelector ?? '').split(',').every((term) => {
    const [key = '', value] = term.split('=');
    return key === '' || object.metadata.labels?.[key] === value;
  });
}

/** `a.b=c` or `a.b!=c`. */
function fieldHolds(object: KubeObject, term: string): boolean {
  const [, path = '', not, wanted] = /^([\w.]+)(!)?==?(.*)$/.exec(term) ?? [];
  const value = path
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object);
  return (String(value ?? '') === wanted) === (not === undefined);
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

function watching(
  watchers: Set<Watcher>,
  about: Pick<Watcher, 'collection' | 'options'>,
  first: WatchEvent[],
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, void, void> {
  const queue: (WatchEvent | Error | undefined)[] = first;
  let wake = Promise.withResolvers<void>();
  const push: Watcher['push'] = (event) => {
    queue.push(event);
    wake.resolve();
  };
  const watcher = { ...about, push };
  watchers.add(watcher);
  const aborted = () => push(fault('cancelled', 'watch cancelled'));
  signal.addEventListener('abort', aborted, { once: true });
  return (async function* () {
    try {
      for (;;) {
        while (queue.length === 0) {
          await wake.promise;
          wake = Promise.withResolvers<void>();
        }
        const event = queue.shift();
        if (event === undefined) return;
        if (event instanceof Error) throw event;
        yield event;
      }
    } finally {
      watchers.delete(watcher);
      signal.removeEventListener('abort', aborted);
    }
  })();
}
