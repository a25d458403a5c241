import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { metadataHeaders, noContent, queryMetadata } from '../rest.ts';
import { storedKey } from './key-prefix.ts';
import { stateKind } from './kind.ts';
import { consistencyOf, wireConsistency } from './options.ts';
import { storeFailed } from './state-faults.ts';

/** Reads one key. A missing key is an empty reply over gRPC and 204 over HTTP. */
export const getState = defineOperation({
  method: Dapr.method.getState,
  api: 'state.v1',
  component: { kind: stateKind, name: (request) => request.storeName, action: 'get' },
  http: {
    method: 'GET',
    path: '/v1.0/state/{storeName}/{key}',
    toRequest: (http) => ({
      storeName: http.params.storeName,
      key: http.params.key,
      consistency: wireConsistency(http.query.get('consistency')),
      metadata: queryMetadata(http),
    }),
    toReply(reply) {
      if (reply.data === undefined) return noContent;
      const headers = metadataHeaders(reply.metadata);
      if (reply.etag) headers['etag'] = reply.etag;
      return { status: 200, headers, body: reply.data };
    },
  },
  async handle(request, { component: bound, signal }) {
    const key = storedKey(bound, request.key);
    try {
      const value = await bound.store.get(
        { key, consistency: consistencyOf(request.consistency), metadata: request.metadata },
        signal,
      );
      if (value === undefined) return {};
      const data = bound.cipher ? bound.cipher.open(value.data) : value.data;
      return { data, etag: value.etag ?? '', metadata: value.metadata ?? {} };
    } catch (thrown) {
      const words = `fail to get ${request.key} from state store ${bound.name}`;
      throw storeFailed('state-get', 'ERR_STATE_GET', words, thrown);
    }
  },
});
