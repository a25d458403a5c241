/** Addresses of apps that were heard of, each believed for a while after it was last heard. */
export type AddressBook = {
  heard(appId: string, address: string): void;
  /** As heard, but believed until forgotten. */
  pin(appId: string, address: string): void;
  forget(appId: string, address: string): void;
  addresses(appId: string): string[];
  /** Apps with an address. */
  apps(): string[];
  /** Calls back when an address of the app is heard; answers how to stop that. */
  onHeard(appId: string, listener: () => void): () => void;
};

/** Times in ms. */
export function createAddressBook(believedMs: number, now: () => number): AddressBook {
  const book = new Map<string, Map<string, number>>();
  const listeners = new Map<string, Set<() => void>>();
  const write = (appId: string, address: string, until: number): void => {
    const page = book.get(appId) ?? new Map<string, number>();
    if ((page.get(address) ?? 0) < until) page.set(address, until);
    book.set(appId, page);
    for (const listener of listeners.get(appId) ?? []) listener();
  };
  const addresses = (appId: string): string[] => {
    const page = book.get(appId);
    if (page === undefined) return [];
    for (const [address, until] of page) if (until <= now()) page.delete(address);
    if (page.size === 0) book.delete(appId);
    return [...page.keys()];
  };
  return {
    heard: (appId, address) => write(appId, address, now() + believedMs),
    pin: (appId, address) => write(appId, address, Number.POSITIVE_INFINITY),
    forget: (appId, address) => void book.get(appId)?.delete(address),
    addresses,
    apps: () => [...book.keys()].filter((appId) => addresses(appId).length > 0),
    onHeard(appId, listener) {
      const set = listeners.get(appId) ?? new Set();
      listeners.set(appId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(appId);
      };
    },
  };
}
