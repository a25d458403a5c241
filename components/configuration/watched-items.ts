import type { ConfigurationItem, ConfigurationItems } from '#contracts/configuration.ts';

/** The items a subscriber was told of, so that what changed while nothing could be heard can be told later. */
export type WatchedItems = {
  /** Takes note of what there is; resolves when that is done. */
  begin(): Promise<void>;
  /** Tells of a change that was heard. */
  heard(items: ConfigurationItems): void;
  /** Reads anew, and tells of what is other than it was: after a connection was lost. */
  catchUp(): Promise<void>;
};

const gone: ConfigurationItem = { value: '', version: '' };

/** `read` asks for all items of a subscription; `tell` gets only those that are other than before. */
export function watchedItems(
  read: () => Promise<ConfigurationItems>,
  tell: (items: ConfigurationItems) => void,
): WatchedItems {
  let last = new Map<string, string>();
  const notesOf = (items: ConfigurationItems) =>
    Object.entries(items).map(([key, item]) => [key, noteOf(item)] as const);
  return {
    async begin() {
      last = new Map(notesOf(await read()));
    },
    heard(items) {
      for (const [key, note] of notesOf(items)) {
        if (note === noteOf(gone)) last.delete(key);
        else last.set(key, note);
      }
      tell(items);
    },
    async catchUp() {
      const items = await read();
      const changed = Object.entries(items).filter(([key, item]) => last.get(key) !== noteOf(item));
      const missing = [...last.keys()].filter((key) => !(key in items)).map((key) => [key, gone] as const);
      last = new Map(notesOf(items));
      if (changed.length + missing.length > 0) tell(Object.fromEntries([...changed, ...missing]));
    },
  };
}

const noteOf = ({ value, version }: ConfigurationItem): string => `${version}\n${value}`;
