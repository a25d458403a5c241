import { inParallel, type StateSet, type StateStore } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { jsonItems } from '../json-spans.ts';
import { defineOperation } from '../operation.ts';
import { jsonBody, malformed, queryMetadata } from '../rest.ts';
import { stateKind } from './kind.ts';
import { stateItem } from './rest-item.ts';
import { storeFailed } from './state-faults.ts';
import { toSet } from './write.ts';

/** Writes keys, each on its own: some may be written when others fail. */
export const saveState = defineOperation({
  method: Dapr.method.saveState,
  api: 'state.v1',
  component: { kind: stateKind, name: (request) => request.storeName, action: 'set' },
  http: {
    method: ['POST', 'PUT'],
    path: '/v1.0/state/{storeName}',
    toRequest(http) {
      const items = jsonBody(http) ?? [];
      if (!Array.isArray(items)) throw malformed('the body must be a list of state items');
      const extra = queryMetadata(http);
      const raw = jsonItems(http.body);
      const states = items.map((item, i) => stateItem(raw[i]!, item, extra));
      if (states.some((item) => item.key === '')) throw fault('malformed-request', '"key" is a required field');
      return { storeName: http.params.storeName, states };
    },
  },
  async handle(request, context) {
    const { component: bound, signal } = context;
    if (request.states.some((item) => item.key === '')) throw fault('state-empty-key', 'state key cannot be empty');
    const sets = request.states.map((item) => toSet(item, context));
    try {
      await setAll(bound.store, sets, signal);
      return {};
    } catch (thrown) {
      throw storeFailed('state-save', 'ERR_STATE_SAVE', `failed saving state in state store ${bound.name}`, thrown);
    }
  },
});

async function setAll(store: StateStore, sets: readonly StateSet[], signal: AbortSignal): Promise<void> {
  if (sets.length === 1) await store.set(sets[0]!, signal);
  else if (store.bulkSet && sets.length > 0) await store.bulkSet(sets, signal);
  else await inParallel(sets, 0, (set) => store.set(set, signal));
}
