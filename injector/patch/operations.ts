/** An operation of a JSON Patch (RFC 6902). */
export type Operation = { op: 'add'; path: string; value: unknown } | { op: 'remove'; path: string };

/** Adds to the end of a list which may not be there yet. */
export function append(path: string, existing: readonly unknown[] | undefined, items: readonly unknown[]): Operation[] {
  if (items.length === 0) return [];
  if (existing === undefined || existing.length === 0) return [{ op: 'add', path, value: items }];
  return items.map((value) => ({ op: 'add', path: `${path}/-`, value }));
}

/** Adds to the start of a list which may not be there yet, in the order given. */
export function prepend(
  path: string,
  existing: readonly unknown[] | undefined,
  items: readonly unknown[],
): Operation[] {
  if (existing === undefined || existing.length === 0) return append(path, existing, items);
  return items.map((value, index) => ({ op: 'add', path: `${path}/${index}`, value }));
}

/** Sets keys of an object which may not be there yet. */
export function setKeys(
  path: string,
  existing: Readonly<Record<string, string>> | undefined,
  entries: Readonly<Record<string, string>>,
): Operation[] {
  if (Object.keys(entries).length === 0) return [];
  if (existing === undefined) return [{ op: 'add', path, value: entries }];
  return Object.entries(entries).map(([key, value]) => ({ op: 'add', path: `${path}/${escaped(key)}`, value }));
}

/** Removes items of a list by index, last first, so that the indexes stay true. */
export function removeAll(path: string, indexes: readonly number[]): Operation[] {
  return indexes.toSorted((a, b) => b - a).map((index) => ({ op: 'remove', path: `${path}/${index}` }));
}

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
