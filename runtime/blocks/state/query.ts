import type { StateQuery } from '#contracts/state.ts';
import { grpcCode } from '#kit/errors/table.ts';
import { StatusError } from '#kit/grpc/status.ts';
import { isFields } from '#kit/values/fields.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { jsonNull } from '../json-spans.ts';
import { jsonObject, rawJson } from '../json-text.ts';
import { defineOperation } from '../operation.ts';
import { noContent, queryMetadata } from '../rest.ts';
import { callersKey } from './key-prefix.ts';
import { stateKind } from './kind.ts';
import { noQueries, queryFailed } from './state-faults.ts';

/** Finds keys by their values, in stores that can. Alpha in Dapr. */
export const queryState = defineOperation({
  method: Dapr.method.queryStateAlpha1,
  api: 'state.v1alpha1',
  component: { kind: stateKind, name: (request) => request.storeName, action: 'query' },
  http: {
    method: ['POST', 'PUT'],
    path: '/v1.0-alpha1/state/{storeName}/query',
    toRequest: (http) => ({
      storeName: http.params.storeName,
      query: http.body.toString(),
      metadata: queryMetadata(http),
    }),
    toReply({ results = [], token, metadata = {} }) {
      if (results.length === 0) return noContent;
      const items = results.map(({ key, data, etag, error }) => ({
        key,
        data: rawJson(data ?? jsonNull),
        ...(etag ? { etag } : {}),
        ...(error ? { error } : {}),
      }));
      const rest = { ...(token ? { token } : {}), ...(Object.keys(metadata).length > 0 ? { metadata } : {}) };
      const list = rawJson(Buffer.from(`[${items.map(jsonObject).join(',')}]`));
      return { status: 200, body: jsonObject({ results: list, ...rest }) };
    },
  },
  async handle(request, { component: bound, signal }) {
    const { store, name, cipher } = bound;
    if (!store.query) throw noQueries(name);
    if (cipher) throw queryFailed(name, 'cannot query encrypted store');
    const query = parseQuery(name, request.query);
    try {
      const found = await store.query({ ...query, metadata: request.metadata }, signal);
      const results = found.results.map(({ key, data, etag, error }) => ({
        key: callersKey(key),
        data,
        etag: etag ?? '',
        error: error ?? '',
      }));
      return { results, token: found.token, metadata: found.metadata ?? {} };
    } catch (thrown) {
      if (thrown instanceof StatusError && thrown.code === grpcCode.UNIMPLEMENTED) throw noQueries(name);
      throw queryFailed(name, thrown);
    }
  },
});

/** `{filter, sort[{key, order}], page{limit, token}}`. */
function parseQuery(store: string, text: string): StateQuery {
  try {
    const { filter = {}, sort = [], page = {} } = asFields(JSON.parse(text === '' ? '{}' : text), 'the query');
    const { limit = 0, token = '' } = asFields(page, 'page');
    if (!Array.isArray(sort)) throw new Error('sort must be a list');
    return {
      filter: asFields(filter, 'filter'),
      sort: sort.map((one) => {
        const { key, order } = asFields(one, 'an item of sort');
        return { key: String(key), order: String(order ?? 'ASC').toUpperCase() === 'DESC' ? 'DESC' : 'ASC' };
      }),
      page: { limit: Number(limit), token: String(token) },
    };
  } catch (thrown) {
    throw queryFailed(store, new Error(`failed to parse JSON query body: ${(thrown as Error).message}`));
  }
}

function asFields(value: unknown, what: string): Record<string, unknown> {
  if (!isFields(value)) throw new Error(`${what} must be an object`);
  return value;
}
