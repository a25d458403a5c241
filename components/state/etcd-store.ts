import { integer, text } from '#contracts/settings.ts';
import type { StateKeysLike, StateOperation, StateStore, StateValue } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { type Etcd, type EtcdSettings, etcdSettings, openEtcd, type TxnInit } from '../clients/etcd.ts';
import { likePattern, likePrefix } from './like.ts';
import { ttlSeconds } from './ttl.ts';

/** Settings of both versions of the component. */
export const stateEtcdSettings = etcdSettings.extend({
  keyPrefixPath: text('Put before every key, with a slash between.').default(''),
  maxTxnOps: integer('Most operations of a transaction, as the server’s flag --max-txn-ops has it.', {
    min: 1,
  }).default(128),
});

type Settings = EtcdSettings & { keyPrefixPath: string; maxTxnOps: number };

/** How a version of the component writes values. */
export type EtcdFormat = {
  encode(value: Uint8Array, ttlSeconds: number | undefined): Uint8Array;
  decode(bytes: Uint8Array): Pick<StateValue, 'data' | 'metadata'>;
};

type Write = NonNullable<TxnInit['success']>[number];

/** Keys a page of a search reads at a time. */
const readAtOnce = 1_000;

/** Opens the store. The server is first called when it is first used; a key's etag is its revision. */
export async function openStateEtcd(settings: Settings, format: EtcdFormat): Promise<StateStore> {
  const etcd = await openEtcd(settings);
  const pathOf = (key: string) => Buffer.from(`${settings.keyPrefixPath}/${key}`);
  const write = (operations: readonly StateOperation[], signal?: AbortSignal) =>
    commit(etcd, operations, { pathOf, format, signal });
  return {
    traits: ['ETAG', 'TTL'],
    maxOperations: settings.maxTxnOps,
    async get({ key }, signal) {
      const found = (await etcd.range({ key: pathOf(key) }, signal)).kvs[0];
      return found && { ...format.decode(found.value), etag: String(found.modRevision) };
    },
    set: (request, signal) => write([{ kind: 'set', ...request }], signal),
    delete: (request, signal) => write([{ kind: 'delete', ...request }], signal),
    async transact({ operations }, signal) {
      if (operations.length > 0) await write(operations, signal);
    },
    keysLike: (request, signal) => keysLike(etcd, request, { pathOf, signal }),
    ping: async (signal) => void (await etcd.range({ key: Buffer.from('health'), keysOnly: true }, signal)),
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  };
}

type Writing = {
  pathOf: (key: string) => Buffer;
  format: EtcdFormat;
  signal: AbortSignal | undefined;
};

/** Writes all or nothing. Where an expectation fails, the keys with expectations are read back, to name the one. */
async function commit(etcd: Etcd, operations: readonly StateOperation[], writing: Writing): Promise<void> {
  const { pathOf, signal } = writing;
  const expected = expectations(operations);
  const writes = await Promise.all(lastOfEachKey(operations).map((operation) => writeOf(etcd, operation, writing)));
  const answer = await etcd.transact(
    {
      compare: expected.map(({ key, revision }) => ({
        key: pathOf(key),
        target: 2,
        result: 0,
        targetUnion: { case: 'modRevision', value: revision },
      })),
      success: writes,
      failure: expected.map(({ key }) => ({
        request: { case: 'requestRange', value: { key: pathOf(key), keysOnly: true } },
      })),
    },
    signal,
  );
  if (answer.succeeded) return;
  const refused = expected.find(({ revision }, index) => {
    const { response } = answer.responses[index]!;
    return response.case === 'responseRange' && (response.value.kvs[0]?.modRevision ?? 0n) !== revision;
  });
  throw mismatch((refused ?? expected[0]!).key);
}

/** The revision each key must have before anything is written; 0 is for keys that must not exist. */
function expectations(operations: readonly StateOperation[]): { key: string; revision: bigint }[] {
  const before = new Map<string, 'set' | 'delete'>();
  return operations.flatMap((operation) => {
    const { key, kind } = operation;
    if (key === '') throw fault('bad-request', 'the key must not be empty');
    const earlier = before.get(key);
    before.set(key, kind);
    const revision = expectedRevision(operation);
    if (revision === undefined) return [];
    if (earlier === undefined) return [{ key, revision }];
    // The transaction itself has written the key: only "must not exist" can hold, after a deletion.
    if (revision === 0n && earlier === 'delete') return [];
    throw mismatch(key);
  });
}

function expectedRevision({ kind, key, etag, concurrency }: StateOperation): bigint | undefined {
  if (!etag) return kind === 'set' && concurrency === 'first-write' ? 0n : undefined;
  // What is no revision was never an etag of this store: as in Dapr, that is a mismatch.
  if (!/^[1-9]\d*$/.test(etag)) throw mismatch(key);
  return BigInt(etag);
}

/** etcd takes a key once in a transaction: what is overwritten within it need not be written. */
function lastOfEachKey(operations: readonly StateOperation[]): StateOperation[] {
  return [...new Map(operations.map((operation) => [operation.key, operation])).values()];
}

async function writeOf(etcd: Etcd, operation: StateOperation, { pathOf, format, signal }: Writing): Promise<Write> {
  const key = pathOf(operation.key);
  if (operation.kind === 'delete') return { request: { case: 'requestDeleteRange', value: { key } } };
  const ttl = ttlSeconds(operation.metadata);
  const lives = ttl !== undefined && ttl > 0 ? ttl : undefined;
  const lease = lives === undefined ? 0n : await etcd.grant(lives, signal);
  return { request: { case: 'requestPut', value: { key, value: format.encode(operation.value, lives), lease } } };
}

const mismatch = (key: string) =>
  fault('state-etag-mismatch', `key ${key} was not written: its etag is not the one expected`);

/** Pages follow the order of keys; the token is the last one given. */
async function keysLike(
  etcd: Etcd,
  { pattern, pageSize, continuationToken }: StateKeysLike,
  { pathOf, signal }: Pick<Writing, 'pathOf' | 'signal'>,
) {
  if (pattern === '') throw fault('bad-request', 'the pattern of keysLike must not be empty');
  const matches = likePattern(pattern);
  const prefix = pathOf(likePrefix(pattern));
  const skip = pathOf('').length;
  const wanted = pageSize || Number.POSITIVE_INFINITY;
  const keys: string[] = [];
  let from = continuationToken === undefined ? prefix : after(pathOf(continuationToken));
  for (let more = true; more; ) {
    const request = { key: from, rangeEnd: behind(prefix), limit: BigInt(readAtOnce), keysOnly: true };
    const { kvs, more: further } = await etcd.range(request, signal);
    for (const { key } of kvs) {
      const name = Buffer.from(key).toString('utf8', skip);
      if (matches.test(name) && keys.push(name) > wanted)
        return { keys: keys.slice(0, -1), continuationToken: keys.at(-2) };
    }
    more = further;
    if (kvs.length > 0) from = after(kvs.at(-1)!.key);
  }
  return { keys };
}

/** The key that follows next. */
const after = (key: Uint8Array) => Buffer.concat([key, Buffer.of(0)]);

/** The first key that does not begin with the prefix. Keys here begin with text, which never is all 0xff. */
function behind(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (prefix[length - 1] === 0xff) length--;
  const end = Buffer.from(prefix.subarray(0, length));
  end[length - 1]! += 1;
  return end;
}
