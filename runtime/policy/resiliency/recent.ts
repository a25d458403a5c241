type Entry<V> = { key: string; value: V; older: Entry<V> | undefined; newer: Entry<V> | undefined };

export type RecentlyUsed<V> = { take(key: string, build: () => V): V };

/**
 * The `limit` values used last, by key; `take` builds one that is not there. Use moves an entry in a list, not in a `Map`:
 * a `Map` that sees a removal per request makes itself anew every few, and keeps V8's collector busy (kit/http2/stream-table.ts).
 */
export function recentlyUsed<V>(limit: number): RecentlyUsed<V> {
  const entries = new Map<string, Entry<V>>();
  let newest: Entry<V> | undefined;
  let oldest: Entry<V> | undefined;

  const unlink = (entry: Entry<V>): void => {
    if (entry.newer) entry.newer.older = entry.older;
    else newest = entry.older;
    if (entry.older) entry.older.newer = entry.newer;
    else oldest = entry.newer;
  };
  const link = (entry: Entry<V>): void => {
    entry.older = newest;
    entry.newer = undefined;
    if (newest) newest.newer = entry;
    newest = entry;
    oldest ??= entry;
  };

  return {
    take(key, build) {
      let entry = entries.get(key);
      if (entry === newest && entry !== undefined) return entry.value;
      if (entry === undefined) {
        entry = { key, value: build(), older: undefined, newer: undefined };
        entries.set(key, entry);
      } else unlink(entry);
      link(entry);
      if (entries.size > limit && oldest !== undefined) {
        entries.delete(oldest.key);
        unlink(oldest);
      }
      return entry.value;
    },
  };
}
