import type { Metadata } from './component.ts';

/** The values of one secret; a store of single values files each under the secret's own name. */
export type SecretValues = Readonly<Record<string, string>>;

export type SecretTrait = 'MULTIPLE_KEY_VALUES_PER_SECRET';

/** An opened secret store. A secret that does not exist rejects with `not-found`. */
export type SecretStore = AsyncDisposable & {
  readonly traits: readonly SecretTrait[];
  get(request: { name: string; metadata?: Metadata | undefined }, signal?: AbortSignal): Promise<SecretValues>;
  /** Every secret the store may see, by name. */
  bulkGet(
    request: { metadata?: Metadata | undefined },
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, SecretValues>>>;
  ping?(signal?: AbortSignal): Promise<void>;
};
