import type { Metadata } from './component.ts';

export type Consistency = 'eventual' | 'strong';
export type Concurrency = 'first-write' | 'last-write';

export type StateGet = { key: string; consistency?: Consistency | undefined; metadata?: Metadata | undefined };

export type StateValue = {
  data: Uint8Array;
  /** Opaque; changes at each write of the key. */
  etag?: string | undefined;
  contentType?: string | undefined;
  /** `ttlExpireTime` (RFC 3339, UTC, whole seconds) when the key expires. */
  metadata?: Metadata | undefined;
};

export type StateSet = {
  key: string;
  value: Uint8Array;
  /** Absent or empty: unchecked, except with first-write, when the key must not exist. */
  etag?: string | undefined;
  concurrency?: Concurrency | undefined;
  consistency?: Consistency | undefined;
  contentType?: string | undefined;
  /** `ttlInSeconds`: positive expires, -1 clears, absent takes the store's default. */
  metadata?: Metadata | undefined;
};

export type StateDelete = Omit<StateSet, 'value' | 'contentType'>;
export type StateOperation = ({ kind: 'set' } & StateSet) | ({ kind: 'delete' } & StateDelete);
export type StateTransaction = { operations: readonly StateOperation[]; metadata?: Metadata | undefined };
export type StateBulkItem = { key: string; value?: StateValue | undefined; error?: string | undefined };

export type StateQuery = {
  /** One operator and its operand: `{EQ: {…}}`, `{AND: […]}`; none matches all. */
  filter: Readonly<Record<string, unknown>>;
  sort: readonly { key: string; order: 'ASC' | 'DESC' }[];
  page: { limit: number; token: string };
  metadata?: Metadata | undefined;
};

export type StateQueryResult = {
  results: readonly { key: string; data: Uint8Array; etag?: string | undefined; error?: string | undefined }[];
  /** Empty after the last page. */
  token: string;
  metadata?: Metadata | undefined;
};

/** SQL LIKE over keys, `\` escapes. */
export type StateKeysLike = { pattern: string; pageSize?: number | undefined; continuationToken?: string | undefined };

/** What an object says of itself; features that are methods follow from having them. */
export type StateTrait = 'ETAG' | 'TTL' | 'PARTITION_KEY';
export type StateFeature = StateTrait | 'TRANSACTIONAL' | 'QUERY_API' | 'DELETE_WITH_PREFIX' | 'KEYS_LIKE';

/**
 * An opened state store. Keys arrive with their prefix. A write whose etag does not match rejects with the fault
 * `state-etag-mismatch`, one the store cannot read with `state-etag-invalid`. Optional methods are features.
 */
export type StateStore = AsyncDisposable & {
  readonly traits: readonly StateTrait[];
  /** The features it names; absent: they follow from traits and methods. Only a component behind a wire needs it. */
  readonly declares?: readonly StateFeature[] | undefined;
  /** Undefined when there is no such key. */
  get(request: StateGet, signal?: AbortSignal): Promise<StateValue | undefined>;
  set(request: StateSet, signal?: AbortSignal): Promise<void>;
  /** A missing key is no error, unless an etag was given. */
  delete(request: StateDelete, signal?: AbortSignal): Promise<void>;
  /** In any order; an item carries its own error. */
  bulkGet?(requests: readonly StateGet[], signal?: AbortSignal): Promise<StateBulkItem[]>;
  bulkSet?(requests: readonly StateSet[], signal?: AbortSignal): Promise<void>;
  bulkDelete?(requests: readonly StateDelete[], signal?: AbortSignal): Promise<void>;
  /** All or nothing, in order. */
  transact?(transaction: StateTransaction, signal?: AbortSignal): Promise<void>;
  /** Most operations of one transaction; absent: no limit. */
  readonly maxOperations?: number | undefined;
  query?(query: StateQuery, signal?: AbortSignal): Promise<StateQueryResult>;
  /** Removes `prefix||…` keys with no further `||`; resolves to their number. */
  deleteWithPrefix?(prefix: string, signal?: AbortSignal): Promise<number>;
  keysLike?(
    request: StateKeysLike,
    signal?: AbortSignal,
  ): Promise<{ keys: string[]; continuationToken?: string | undefined }>;
  ping?(signal?: AbortSignal): Promise<void>;
};

/** Features by the names that metadata and pluggable components use. */
export function stateFeatures(store: StateStore): StateFeature[] {
  if (store.declares) return [...store.declares];
  const features: StateFeature[] = [...store.traits];
  if (store.transact) features.push('TRANSACTIONAL');
  if (store.query) features.push('QUERY_API');
  if (store.deleteWithPrefix) features.push('DELETE_WITH_PREFIX');
  if (store.keysLike) features.push('KEYS_LIKE');
  return features;
}

/** Runs one request per item, at most `parallelism` at once (0: all), when the store has no method for many. */
export async function inParallel<I, O>(
  items: readonly I[],
  parallelism: number,
  run: (item: I) => Promise<O>,
): Promise<O[]> {
  const results = new Array<O>(items.length);
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await run(items[i]!);
  };
  const workers = parallelism > 0 ? Math.min(parallelism, items.length) : items.length;
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}

/** Many keys at once, through the store's own method or one `get` each. */
export async function bulkGet(
  store: StateStore,
  requests: readonly StateGet[],
  parallelism = 0,
  signal?: AbortSignal,
): Promise<StateBulkItem[]> {
  if (store.bulkGet) return await store.bulkGet(requests, signal);
  return await inParallel(requests, parallelism, async (request) => {
    try {
      return { key: request.key, value: await store.get(request, signal) };
    } catch (error) {
      return { key: request.key, error: error instanceof Error ? error.message : String(error) };
    }
  });
}
