/**
 * Makes a reader of objects that gives each of `names` its own spelling, in whichever case of letters it came; other
 * names stay. Dapr reads what apps answer and the bodies of its REST API so. Source: Go `encoding/json`, structs.
 */
export function anyCase(...names: readonly string[]): <T extends object>(fields: T) => T {
  const exact = new Set(names);
  const byLower = new Map(names.map((name) => [name.toLowerCase(), name]));
  return <T extends object>(fields: T): T => {
    if (Object.keys(fields).every((key) => exact.has(key))) return fields;
    const respelled = Object.entries(fields).map(([key, value]) => [byLower.get(key.toLowerCase()) ?? key, value]);
    return Object.fromEntries(respelled) as T;
  };
}
