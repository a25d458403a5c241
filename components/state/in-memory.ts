import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { defineComponent } from '#contracts/component.ts';
import type { StateDelete, StateKeysLike, StateOperation, StateSet, StateStore, StateValue } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { likePattern } from './like.ts';
import { expireTime, ttlSeconds } from './ttl.ts';

type Item = {
  data: Uint8Array;
  etag: string;
  contentType: string | undefined;
  expires: number | undefined;
  index: number;
};

const sweepEveryMs = 1_000;

export const component = defineComponent({
  type: 'state.in-memory',
  versions: ['v1'],
  title: 'In-memory',
  description: 'Keeps state in this process until it ends. For development and tests; nothing is shared or stored.',
  settings: z.object({}),
  open: async () => openInMemory(),
});

/** The store itself; `now` is in milliseconds since 1970. */
export function openInMemory(now: () => number = Date.now): StateStore {
  const items = new Map<string, Item>();
  let writes = 0;
  const live = (key: string): Item | undefined => {
    const item = items.get(key);
    if (item?.expires === undefined || now() < item.expires) return item;
    items.delete(key);
    return undefined;
  };
  const sweep = setInterval(() => {
    for (const key of items.keys()) live(key);
  }, sweepEveryMs).unref();

  const put = (request: StateSet, ttl: number | undefined) => {
    const { key, value: data, contentType } = request;
    const expires = ttl !== undefined && ttl > 0 ? now() + ttl * 1000 : undefined;
    items.set(key, { data, etag: randomUUID(), contentType, expires, index: writes++ });
  };
  const read = (key: string): StateValue | undefined => {
    const item = live(key);
    return (
      item && { data: item.data, etag: item.etag, contentType: item.contentType, metadata: expireTime(item.expires) }
    );
  };
  return {
    traits: ['ETAG', 'TTL'],
    get: async ({ key }) => read(key),
    async set(request) {
      const ttl = ttlSeconds(request.metadata);
      checkEtag(request, live(request.key));
      put(request, ttl);
    },
    async delete(request) {
      checkEtag(request, live(request.key));
      items.delete(request.key);
    },
    bulkGet: async (requests) => requests.map(({ key }) => ({ key, value: read(key) })),
    async transact({ operations }) {
      const ttls = operations.map((one) => (one.kind === 'set' ? ttlSeconds(one.metadata) : undefined));
      for (const operation of operations) checkEtag(operation, live(operation.key));
      operations.forEach((operation: StateOperation, i) => {
        if (operation.kind === 'set') put(operation, ttls[i]);
        else items.delete(operation.key);
      });
    },
    async deleteWithPrefix(prefix) {
      const keys = [...items.keys()].filter((key) => key.startsWith(prefix) && !key.includes('||', prefix.length));
      for (const key of keys) items.delete(key);
      return keys.length;
    },
    keysLike: async (request) => keysLike(items, request, live),
    async [Symbol.asyncDispose]() {
      clearInterval(sweep);
      items.clear();
    },
  };
}

function checkEtag({ key, etag, concurrency }: StateDelete, current: Item | undefined): void {
  if (!etag) {
    if (concurrency === 'first-write' && current)
      throw fault('state-etag-mismatch', `key ${key} exists already and no etag was given`);
    return;
  }
  if (current?.etag !== etag) {
    const why = current ? `it is ${current.etag} now` : 'the key does not exist or has expired';
    throw fault('state-etag-mismatch', `etag ${etag} does not match key ${key}: ${why}`);
  }
}

/** Pages follow the order of writing; the token is the index of the next item. */
function keysLike(items: ReadonlyMap<string, Item>, request: StateKeysLike, live: (key: string) => Item | undefined) {
  if (request.pattern === '') throw fault('bad-request', 'the pattern of keysLike must not be empty');
  const pattern = likePattern(request.pattern);
  const from = Number(request.continuationToken ?? 0);
  const found = [...items.entries()]
    .filter(([key, item]) => item.index >= from && pattern.test(key) && live(key))
    .sort(([, a], [, b]) => a.index - b.index);
  const size = request.pageSize || found.length;
  return { keys: found.slice(0, size).map(([key]) => key), continuationToken: found[size]?.[1].index.toString() };
}
