import { inParallel, type StateDelete, type StateStore } from '#contracts/state.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { stateKind } from './kind.ts';
import { storeFailed } from './state-faults.ts';
import { toDelete } from './write.ts';

/** Removes keys, each on its own. Over gRPC only. */
export const deleteBulkState = defineOperation({
  method: Dapr.method.deleteBulkState,
  api: 'state.v1',
  component: { kind: stateKind, name: (request) => request.storeName, action: 'bulk_delete' },
  async handle(request, { component: bound, signal }) {
    const deletions = request.states.map((item) => toDelete(bound, item));
    try {
      await deleteAll(bound.store, deletions, signal);
      return {};
    } catch (thrown) {
      const words = `failed deleting state in state store ${bound.name}`;
      throw storeFailed('state-bulk-delete', 'ERR_STATE_BULK_DELETE', words, thrown);
    }
  },
});

async function deleteAll(store: StateStore, deletions: readonly StateDelete[], signal: AbortSignal): Promise<void> {
  if (deletions.length === 1) await store.delete(deletions[0]!, signal);
  else if (store.bulkDelete && deletions.length > 0) await store.bulkDelete(deletions, signal);
  else await inParallel(deletions, 0, (deletion) => store.delete(deletion, signal));
}
