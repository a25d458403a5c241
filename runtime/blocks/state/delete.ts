import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { headerOf, queryMetadata } from '../rest.ts';
import { stateKind } from './kind.ts';
import { wireConcurrency, wireConsistency } from './options.ts';
import { storeFailed } from './state-faults.ts';
import { toDelete } from './write.ts';

/** Removes one key. A key that does not exist is no error, unless an etag was given. */
export const deleteState = defineOperation({
  method: Dapr.method.deleteState,
  api: 'state.v1',
  component: { kind: stateKind, name: (request) => request.storeName, action: 'delete' },
  http: {
    method: 'DELETE',
    path: '/v1.0/state/{storeName}/{key}',
    toRequest(http) {
      const etag = headerOf(http, 'if-match');
      return {
        storeName: http.params.storeName,
        key: http.params.key,
        ...(etag === undefined ? {} : { etag: { value: etag } }),
        options: {
          concurrency: wireConcurrency(http.query.get('concurrency')),
          consistency: wireConsistency(http.query.get('consistency')),
        },
        metadata: queryMetadata(http),
      };
    },
  },
  async handle(request, { component: bound, signal }) {
    const deletion = toDelete(bound, request);
    try {
      await bound.store.delete(deletion, signal);
      return {};
    } catch (thrown) {
      throw storeFailed('state-delete', 'ERR_STATE_DELETE', `failed deleting state with key ${request.key}`, thrown);
    }
  },
});
