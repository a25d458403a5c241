import type { Metadata } from './component.ts';

export type ConfigurationItem = {
  value: string;
  /** Empty when the store keeps none. */
  version: string;
  metadata?: Metadata | undefined;
};

export type ConfigurationItems = Readonly<Record<string, ConfigurationItem>>;

export type ConfigurationRequest = {
  /** Empty: all keys. */
  keys: readonly string[];
  metadata?: Metadata | undefined;
};

/** An opened configuration store. */
export type ConfigurationStore = AsyncDisposable & {
  /** Only the keys that exist. */
  get(request: ConfigurationRequest, signal?: AbortSignal): Promise<ConfigurationItems>;
  /**
   * Resolves when changes are watched; what exists already is not told. A deleted key comes with an empty value. Ends
   * when the signal aborts, and reconnects by itself until then.
   */
  subscribe(
    request: ConfigurationRequest,
    onChange: (items: ConfigurationItems) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  ping?(signal?: AbortSignal): Promise<void>;
};
