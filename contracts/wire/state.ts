import { type FaultDetail, fault } from '#kit/errors/fault.ts';
import { type Implementation, implement } from '#kit/grpc/service.ts';
import type { Transport } from '#kit/grpc/transport.ts';
import {
  QueriableStateStore,
  StateStore as StateStoreService,
  TransactionalStateStore,
  TransactionalStoreMultiMaxSize,
} from '#proto/dapr/proto/components/v1/state_pb.js';
import type { Instances } from '../instances.ts';
import { bulkGet, inParallel, type StateStore, stateFeatures } from '../state.ts';
import type { AttachOptions } from './attach.ts';
import { chosenAsFault } from './chosen-answer.ts';
import { etagAsFault, etagAsStatus } from './etag.ts';
import * as wire from './state-messages.ts';

/** The state services of components.v1, as a pluggable component offers them. */
export function serve(instances: Instances<StateStore>): Implementation[] {
  const store = implement(StateStoreService, {
    async init(request, context) {
      await instances.init(request.metadata?.properties ?? {}, context);
      return {};
    },
    features: async (_, context) => ({ features: wireFeatures(instances.of(context)) }),
    async ping(_, context) {
      await instances.of(context).ping?.(context.signal);
      return {};
    },
    async get(request, context) {
      return wire.toGetResponse(await instances.of(context).get(wire.fromGet(request), context.signal));
    },
    async set(request, context) {
      await etagAsStatus(instances.of(context).set(wire.fromSet(request), context.signal));
      return {};
    },
    async delete(request, context) {
      await etagAsStatus(instances.of(context).delete(wire.fromDelete(request), context.signal));
      return {};
    },
    async bulkGet(request, context) {
      const items = request.items.map(wire.fromGet);
      const parallelism = Number(request.options?.parallelism ?? 0);
      return { items: (await bulkGet(instances.of(context), items, parallelism, context.signal)).map(wire.toBulkItem) };
    },
    async bulkSet(request, context) {
      const object = instances.of(context);
      const items = request.items.map(wire.fromSet);
      const each = () =>
        inParallel(items, Number(request.options?.parallelism ?? 0), (item) => object.set(item, context.signal));
      await etagAsStatus(object.bulkSet ? object.bulkSet(items, context.signal) : each());
      return {};
    },
    async bulkDelete(request, context) {
      const object = instances.of(context);
      const items = request.items.map(wire.fromDelete);
      const each = () =>
        inParallel(items, Number(request.options?.parallelism ?? 0), (item) => object.delete(item, context.signal));
      await etagAsStatus(object.bulkDelete ? object.bulkDelete(items, context.signal) : each());
      return {};
    },
  });
  return [store, ...serveFeatures(instances)];
}

/** The contract has no methods for the other features. */
const wireFeatures = (store: StateStore) =>
  stateFeatures(store).filter((feature) => feature !== 'KEYS_LIKE' && feature !== 'DELETE_WITH_PREFIX');

function serveFeatures(instances: Instances<StateStore>): Implementation[] {
  return [
    implement(TransactionalStateStore, {
      async transact(request, context) {
        const object = instances.of(context);
        if (!object.transact) throw fault('unimplemented', 'this state store has no transactions');
        const operations = request.operations.map(wire.fromOperation);
        await etagAsStatus(object.transact({ operations, metadata: request.metadata }, context.signal));
        return {};
      },
    }),
    implement(TransactionalStoreMultiMaxSize, {
      multiMaxSize: async (_, context) => ({ maxSize: BigInt(instances.of(context).maxOperations ?? -1) }),
    }),
    implement(QueriableStateStore, {
      async query(request, context) {
        const object = instances.of(context);
        if (!object.query) throw fault('unimplemented', 'this state store has no queries');
        return wire.toQueryResponse(await object.query(wire.fromQuery(request), context.signal));
      },
    }),
  ];
}

const known = ['ETAG', 'TRANSACTIONAL', 'QUERY_API', 'TTL', 'PARTITION_KEY'] as const;

/** Initialises the store behind a transport and returns it as an object with the features it declares. */
export async function attach(transport: Transport, { properties, signal }: AttachOptions): Promise<StateStore> {
  const { method } = StateStoreService;
  await transport.unary(method.init, { metadata: { properties: { ...properties } } }, { signal });
  const { features } = await transport.unary(method.features, {}, { signal });
  const store: StateStore = {
    traits: (['ETAG', 'TTL', 'PARTITION_KEY'] as const).filter((trait) => features.includes(trait)),
    declares: known.filter((feature) => features.includes(feature)),
    get: async (request, signal) =>
      wire.fromGetResponse(await asking(transport.unary(method.get, wire.toGet(request), { signal }))),
    set: (request, signal) => done(transport.unary(method.set, wire.toSet(request), { signal })),
    delete: (request, signal) => done(transport.unary(method.delete, wire.toDelete(request), { signal })),
    async bulkGet(requests, signal) {
      const response = await asking(transport.unary(method.bulkGet, { items: requests.map(wire.toGet) }, { signal }));
      return response.items.map(wire.fromBulkItem);
    },
    bulkSet: (requests, signal) =>
      done(transport.unary(method.bulkSet, { items: requests.map(wire.toSet) }, { signal })),
    bulkDelete: (requests, signal) =>
      done(transport.unary(method.bulkDelete, { items: requests.map(wire.toDelete) }, { signal })),
    // As Dapr, whether or not the component names the feature.
    query: async (query, signal) =>
      wire.fromQueryResponse(
        await asking(transport.unary(QueriableStateStore.method.query, wire.toQuery(query), { signal })),
      ),
    async ping(signal) {
      await transport.unary(method.ping, {}, { signal });
    },
    async [Symbol.asyncDispose]() {},
  };
  return Object.assign(store, attachFeatures(transport, features));
}

function attachFeatures(transport: Transport, features: readonly string[]) {
  const extras: Partial<Pick<StateStore, 'transact'>> = {};
  if (features.includes('TRANSACTIONAL')) {
    let most: Promise<number | undefined> | undefined;
    extras.transact = async ({ operations, metadata }, signal) => {
      // Asked when it first matters: some stores which have transactions fail on the question.
      most ??= maxOperations(transport);
      const limit = await most;
      if (limit !== undefined && operations.length > limit) throw tooMany(operations.length, limit);
      const request = { operations: operations.map(wire.toOperation), metadata: { ...metadata } };
      await done(transport.unary(TransactionalStateStore.method.transact, request, { signal }));
    };
  }
  return extras;
}

function tooMany(count: number, most: number) {
  const metadata = { currentOpsTransaction: String(count), maxOpsPerTransaction: String(most) };
  const detail: FaultDetail = {
    ...{ kind: 'error-info', reason: 'DAPR_STATE_TOO_MANY_TRANSACTIONS', domain: 'dapr.io', metadata },
  };
  const words = `the transaction contains ${count} operations, which is more than what the state store supports: ${most}`;
  return fault('state-too-many-operations', words, { details: [detail] });
}

/** Older components lack the method; they have no limit. */
async function maxOperations(transport: Transport): Promise<number | undefined> {
  try {
    const { maxSize } = await transport.unary(TransactionalStoreMultiMaxSize.method.multiMaxSize, {});
    return maxSize > 0n ? Number(maxSize) : undefined;
  } catch {
    return undefined;
  }
}

async function done(call: Promise<unknown>): Promise<void> {
  await asking(call);
}

/** Awaits a call; what the component says of its failure becomes a fault. */
async function asking<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw chosenAsFault(etagAsFault(error));
  }
}
