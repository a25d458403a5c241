import type { MessageInitShape } from '@bufbuild/protobuf';
import { bulkGet, type StateBulkItem } from '#contracts/state.ts';
import { anyCase } from '#kit/values/any-case.ts';
import { isFields } from '#kit/values/fields.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { BulkStateItemSchema } from '#proto/dapr/proto/runtime/v1/state_pb.js';
import { jsonList, rawJson } from '../json-text.ts';
import { defineOperation } from '../operation.ts';
import { jsonBody, malformed, metadataOf, queryMetadata } from '../rest.ts';
import { callersKey, storedKey } from './key-prefix.ts';
import { type BoundStore, stateKind } from './kind.ts';
import { messageOf, storeFailed } from './state-faults.ts';

type Item = MessageInitShape<typeof BulkStateItemSchema>;

const bodyFields = anyCase('keys', 'parallelism', 'metadata');

/** Reads many keys. An item carries its own error; the call fails only where the store as a whole does. */
export const getBulkState = defineOperation({
  method: Dapr.method.getBulkState,
  api: 'state.v1',
  component: { kind: stateKind, name: (request) => request.storeName, action: 'bulk_get' },
  http: {
    method: ['POST', 'PUT'],
    path: '/v1.0/state/{storeName}/bulk',
    toRequest(http) {
      const given = jsonBody(http);
      if (!isFields(given)) throw malformed('the body must be an object with "keys"');
      const body = bodyFields(given);
      const { parallelism } = body;
      const keys = body['keys'] ?? [];
      if (!isTexts(keys)) throw malformed('"keys" must be a list of texts');
      return {
        storeName: http.params.storeName,
        keys,
        parallelism: typeof parallelism === 'number' ? Math.trunc(parallelism) : 0,
        metadata: { ...metadataOf(body), ...queryMetadata(http) },
      };
    },
    toReply: (reply) => ({ status: 200, body: jsonList((reply.items ?? []).map(itemJson)) }),
  },
  async handle(request, { component: bound, signal }) {
    const { keys, metadata, parallelism } = request;
    if (keys.length === 0) return {};
    const gets = keys.map((key) => ({ key: storedKey(bound, key), metadata }));
    try {
      const items = await bulkGet(bound.store, gets, parallelism, signal);
      return { items: items.map((item) => toItem(item, bound)) };
    } catch (thrown) {
      throw storeFailed('state-bulk-get', 'ERR_STATE_BULK_GET', `fail to get from state store ${bound.name}`, thrown);
    }
  },
});

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

function toItem({ key, value, error }: StateBulkItem, { cipher }: BoundStore): Item {
  const name = callersKey(key);
  if (error !== undefined) return { key: name, error };
  if (value === undefined) return { key: name };
  try {
    const data = cipher ? cipher.open(value.data) : value.data;
    return { key: name, data, etag: value.etag ?? '', metadata: value.metadata ?? {} };
  } catch (thrown) {
    return { key: name, error: messageOf(thrown) };
  }
}

/** `{key, data, etag, metadata, error}`, what is empty left out. */
function itemJson({ key, data, etag, metadata, error }: Item): Record<string, unknown> {
  return {
    key,
    ...(data === undefined || data.length === 0 ? {} : { data: rawJson(data) }),
    ...(etag ? { etag } : {}),
    ...(metadata === undefined || Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(error ? { error } : {}),
  };
}
