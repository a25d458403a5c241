import type { MessageInitShape } from '@bufbuild/protobuf';
import type { StateOperation } from '#contracts/state.ts';
import { fault } from '#kit/errors/fault.ts';
import { anyCase } from '#kit/values/any-case.ts';
import { isFields } from '#kit/values/fields.ts';
import type { StateItem } from '#proto/dapr/proto/common/v1/common_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type {
  ExecuteStateTransactionRequest,
  TransactionalStateOperation,
  TransactionalStateOperationSchema,
} from '#proto/dapr/proto/runtime/v1/state_pb.js';
import { jsonField, jsonItems } from '../json-spans.ts';
import { type Context, defineOperation } from '../operation.ts';
import { jsonBody, malformed, metadataOf, queryMetadata } from '../rest.ts';
import { type BoundStore, stateKind } from './kind.ts';
import type { Outbox } from './outbox.ts';
import { stateItem } from './rest-item.ts';
import { noTransactions, tooManyOperations, transactionFailed } from './state-faults.ts';
import { toDelete, toSet } from './write.ts';

const noBytes = Buffer.from('{}');

const bodyFields = anyCase('operations', 'metadata');
const operationFields = anyCase('operation', 'request');

/** Writes and removes keys, all or none. */
export const executeStateTransaction = (outbox: Outbox) =>
  defineOperation({
    method: Dapr.method.executeStateTransaction,
    api: 'state.v1',
    component: { kind: stateKind, name: (request) => request.storeName, action: 'transaction' },
    http: {
      method: ['POST', 'PUT'],
      path: '/v1.0/state/{storeName}/transaction',
      toRequest(http) {
        const given = jsonBody(http);
        if (!isFields(given)) throw malformed('the body must be an object with "operations"');
        const body = bodyFields(given);
        const operations = body['operations'] ?? [];
        if (!Array.isArray(operations)) throw malformed('"operations" must be a list');
        const extra = queryMetadata(http);
        const raw = jsonItems(jsonField(http.body, 'operations') ?? noBytes);
        return {
          storeName: http.params.storeName,
          operations: operations.map((operation, i) => restOperation(raw[i]!, operation, extra)),
          metadata: { ...metadataOf(body), ...extra },
        };
      },
    },
    async handle(request, context) {
      const { component: bound, signal } = context;
      const { store, name } = bound;
      if (!store.transact) throw noTransactions(name);
      const operations = request.operations.map((operation) => toOperation(operation, context));
      if (operations.length === 0) return {};
      if (store.maxOperations !== undefined && operations.length > store.maxOperations) {
        throw tooManyOperations(name, operations.length, store.maxOperations);
      }
      const all = bound.outbox
        ? await outbox.announce(bound, { operations, items: itemsOf(request), call: context })
        : operations;
      try {
        await store.transact({ operations: all, metadata: request.metadata }, signal);
        return {};
      } catch (thrown) {
        throw transactionFailed(name, thrown);
      }
    },
  });

const itemsOf = ({ operations }: ExecuteStateTransactionRequest): StateItem[] =>
  operations.flatMap(({ request }) => (request ? [request] : []));

function restOperation(
  raw: Buffer,
  given: unknown,
  extra: Readonly<Record<string, string>>,
): MessageInitShape<typeof TransactionalStateOperationSchema> {
  if (!isFields(given)) throw malformed('an operation must be an object');
  const operation = operationFields(given);
  const { operation: operationType = '' } = operation;
  if (typeof operationType !== 'string') throw malformed('"operation" must be a text');
  return {
    operationType,
    request: stateItem(jsonField(raw, 'request') ?? noBytes, operation['request'] ?? {}, extra),
  };
}

function toOperation(operation: TransactionalStateOperation, context: Context<BoundStore>): StateOperation {
  const { operationType, request } = operation;
  if (operationType !== 'upsert' && operationType !== 'delete') {
    throw fault('state-operation-not-supported', `operation type ${operationType} not supported`);
  }
  if (request === undefined) throw fault('bad-request', `a ${operationType} operation has no request`);
  return operationType === 'upsert'
    ? { kind: 'set', ...toSet(request, context) }
    : { kind: 'delete', ...toDelete(context.component, request) };
}
