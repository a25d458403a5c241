import { fault } from '../errors/fault.ts';
import type { ListOptions } from '../kube/client.ts';
import type { KubeObject } from '../kube/object.ts';
import { type Resource, resourcePath } from '../kube/resource.ts';
import type { WatchEvent } from '../kube/watch.ts';

type Watcher = { collection: string; options: ListOptions; push(event: WatchEvent | Error | undefined): void };
type Named = { namespace?: string; name: string };

/** The objects of a fake API server: each write makes a new version, which watches hear of. All answers are copies. */
export type FakeObjects = {
  version(): string;
  find(resource: Resource, at: Named): KubeObject | undefined;
  list(resource: Resource, options: ListOptions): KubeObject[];
  put(resource: Resource, object: KubeObject): KubeObject;
  /** Does nothing where it is not there. */
  remove(resource: Resource, at: Named): void;
  /** What has happened since the version that the options name, then what happens. */
  watch(resource: Resource, options: ListOptions, signal: AbortSignal): AsyncGenerator<WatchEvent, void, void>;
  /** Ends every open watch; with an error, fails them. */
  endWatches(thrown: Error | undefined): void;
  muteWatches(muted: boolean): void;
};

/** None to begin with. */
export function fakeObjects(): FakeObjects {
  const objects = new Map<string, { collection: string; object: KubeObject }>();
  const watchers = new Set<Watcher>();
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
  return {
    version: () => String(version),
    find: (resource, at) => structuredClone(objects.get(resourcePath(resource, at))?.object),
    list: (resource, options) =>
      [...objects.values()]
        .filter((entry) => entry.collection === resourcePath(resource) && selected(entry.object, options))
        .map((entry) => structuredClone(entry.object)),
    put(resource, object) {
      const collection = resourcePath(resource);
      const path = pathOf(resource, object);
      const known = objects.get(path)?.object.metadata;
      version += 1;
      const metadata = { uid: known?.uid ?? `uid-${version}`, ...object.metadata, resourceVersion: String(version) };
      const stored = { ...structuredClone(object), metadata };
      objects.set(path, { collection, object: stored });
      notify(collection, known ? 'MODIFIED' : 'ADDED', stored);
      return structuredClone(stored);
    },
    remove(resource, at) {
      const path = resourcePath(resource, at);
      const found = objects.get(path);
      if (!found) return;
      objects.delete(path);
      version += 1;
      const metadata = { ...found.object.metadata, resourceVersion: String(version) };
      notify(found.collection, 'DELETED', { ...found.object, metadata });
    },
    watch(resource, options, signal) {
      const collection = resourcePath(resource);
      const since = Number(options.resourceVersion || version);
      const missed = history.filter((past) => past.collection === collection && past.version > since);
      const events = missed.map((past) => past.event).filter((event) => selected(event.object, options));
      return watching(watchers, { collection, options }, events, signal);
    },
    endWatches(thrown) {
      for (const watcher of [...watchers]) watcher.push(thrown);
    },
    muteWatches(value) {
      muted = value;
    },
  };
}

/** Where an object lies: namespace (empty for none) and name. */
export const nameOf = ({ metadata: { namespace = '', name = '' } }: KubeObject): Required<Named> => ({
  namespace,
  name,
});

/** Its path, as the API server has it. */
export const pathOf = (resource: Resource, object: KubeObject): string => resourcePath(resource, nameOf(object));

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
