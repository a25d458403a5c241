import type { StateDelete, StateSet } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import type { StateItem } from '#proto/dapr/proto/common/v1/common_pb.js';
import type { Context } from '../operation.ts';
import { storedKey } from './key-prefix.ts';
import type { BoundStore } from './kind.ts';
import { writeOptions } from './options.ts';

/** What a store is told to delete. */
export function toDelete(bound: BoundStore, item: Omit<StateItem, '$typeName' | 'value'>): StateDelete {
  return {
    key: storedKey(bound, item.key),
    etag: item.etag?.value,
    metadata: item.metadata,
    ...writeOptions(item.options),
  };
}

/** What a store is told to keep, encrypted where it encrypts. */
export function toSet(item: StateItem, { component: bound, jsonValues }: Context<BoundStore>): StateSet {
  const contentType = item.metadata['contentType'];
  if (contentType === 'application/json' && !jsonValues) checkJson(item);
  const { value } = item;
  return {
    ...toDelete(bound, item),
    value: bound.cipher ? bound.cipher.seal(jsonValues ? plain(value) : value) : value,
    contentType,
  };
}

function checkJson({ key, value }: StateItem): void {
  try {
    JSON.parse(Buffer.from(value).toString());
  } catch (cause) {
    throw fault('bad-request', `the value of key ${key} is not JSON, as its contentType says`, { cause });
  }
}

/** What of a JSON value is encrypted: a text without its quotes, as Dapr does; else the JSON. */
function plain(json: Uint8Array): Uint8Array {
  return json[0] === 0x22 ? Buffer.from(JSON.parse(Buffer.from(json).toString()) as string) : json;
}
