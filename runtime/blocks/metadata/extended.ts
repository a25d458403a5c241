/** What apps have put into the metadata of their sidecar. */
export type ExtendedMetadata = {
  all(): Record<string, string>;
  set(key: string, value: string): void;
};

/** Lost when the sidecar ends. */
export function extendedMetadata(): ExtendedMetadata {
  const values = new Map<string, string>();
  return { all: () => Object.fromEntries(values), set: (key, value) => void values.set(key, value) };
}
