import { type KubeObject, objectKey } from './object.ts';
import type { WatchEvent } from './watch.ts';

/** What happened to one object; `old` is what was held before. */
export type Change<T> =
  | { type: 'added'; key: string; object: T }
  | { type: 'updated'; key: string; object: T; old: T }
  | { type: 'deleted'; key: string; object: T };

/** The objects of one kind as last heard, by namespace and name. Turns lists and events into changes. */
export type ObjectStore<T> = {
  readonly size: number;
  get(key: string): T | undefined;
  /** All objects, or those of one namespace. */
  list(namespace?: string): T[];
  apply(event: WatchEvent): Change<T> | undefined;
  /** Makes the store equal to a whole list. */
  replace(items: readonly KubeObject[]): Change<T>[];
  /** Keys on which a whole list and the store differ, with the version the store has (`''` for none). */
  differences(items: readonly KubeObject[]): Map<string, string>;
  /** What tells one state of an object from another: its resourceVersion, or its content where it has none. */
  version(key: string): string;
};

/** Reduces an object to what is kept; `undefined` keeps nothing of it. */
export type Transform<T> = (object: KubeObject) => T | undefined;

type Entry<T> = { object: T; version: string };

/** An empty store; `transform` decides what is kept of each object, and whether it is. */
export function objectStore<T>(transform: Transform<T>): ObjectStore<T> {
  const entries = new Map<string, Entry<T>>();
  const namespaces = new Map<string, Map<string, T>>();

  const put = (key: string, namespace: string, entry: Entry<T>): void => {
    entries.set(key, entry);
    const peers = namespaces.get(namespace) ?? new Map<string, T>();
    namespaces.set(namespace, peers.set(key, entry.object));
  };
  const remove = (key: string): Change<T> | undefined => {
    const held = entries.get(key);
    if (!held) return undefined;
    entries.delete(key);
    const namespace = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
    const peers = namespaces.get(namespace);
    peers?.delete(key);
    if (peers?.size === 0) namespaces.delete(namespace);
    return { type: 'deleted', key, object: held.object };
  };
  const set = (raw: KubeObject): Change<T> | undefined => {
    const key = objectKey(raw);
    const object = transform(raw);
    if (object === undefined) return remove(key);
    const version = versionOf(raw, object);
    const held = entries.get(key);
    if (held?.version === version) return undefined;
    put(key, raw.metadata.namespace ?? '', { object, version });
    return held ? { type: 'updated', key, object, old: held.object } : { type: 'added', key, object };
  };

  return {
    get size() {
      return entries.size;
    },
    get: (key) => entries.get(key)?.object,
    list: (namespace) =>
      namespace === undefined
        ? Array.from(entries.values(), (entry) => entry.object)
        : [...(namespaces.get(namespace)?.values() ?? [])],
    apply: ({ type, object }) => (type === 'DELETED' ? remove(objectKey(object)) : set(object)),
    replace(items) {
      const present = new Set(items.map(objectKey));
      const gone = [...entries.keys()].filter((key) => !present.has(key));
      return [...gone.map(remove), ...items.map(set)].filter((change) => change !== undefined);
    },
    differences(items) {
      const found = new Map<string, string>();
      const present = new Set<string>();
      for (const raw of items) {
        const object = transform(raw);
        if (object === undefined) continue;
        const key = objectKey(raw);
        present.add(key);
        const version = entries.get(key)?.version ?? '';
        if (version !== versionOf(raw, object)) found.set(key, version);
      }
      for (const [key, entry] of entries) if (!present.has(key)) found.set(key, entry.version);
      return found;
    },
    version: (key) => entries.get(key)?.version ?? '',
  };
}

function versionOf<T>(raw: KubeObject, kept: T): string {
  return raw.metadata.resourceVersion || JSON.stringify(kept);
}

/** The default transform: all but `managedFields`, which nobody here reads and which is often half of an object. */
export function withoutManagedFields<T extends KubeObject>(object: KubeObject): T {
  if (object.metadata.managedFields === undefined) return object as T;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata } as T;
}
