/**
 * The messages of components.v1 and the records of contracts/state.ts, either way: `from…` reads a message, `to…` makes
 * one. Empty texts of the wire are undefined here.
 */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import {
  type BulkStateItem,
  type BulkStateItemSchema,
  type DeleteRequest,
  type DeleteRequestSchema,
  type GetRequest,
  type GetRequestSchema,
  type GetResponse,
  type GetResponseSchema,
  type QueryRequest,
  type QueryRequestSchema,
  type QueryResponse,
  type QueryResponseSchema,
  type SetRequest,
  type SetRequestSchema,
  Sorting_Order,
  type StateOptions,
  type TransactionalStateOperation,
  type TransactionalStateOperationSchema,
  StateOptions_StateConcurrency as WireConcurrency,
  StateOptions_StateConsistency as WireConsistency,
} from '#proto/dapr/proto/components/v1/state_pb.js';
import type {
  Concurrency,
  Consistency,
  StateBulkItem,
  StateDelete,
  StateGet,
  StateOperation,
  StateQuery,
  StateQueryResult,
  StateSet,
  StateValue,
} from '../state.ts';

const orUndefined = (text: string): string | undefined => (text === '' ? undefined : text);

const consistencies = { eventual: WireConsistency.CONSISTENCY_EVENTUAL, strong: WireConsistency.CONSISTENCY_STRONG };
const concurrencies = {
  'first-write': WireConcurrency.CONCURRENCY_FIRST_WRITE,
  'last-write': WireConcurrency.CONCURRENCY_LAST_WRITE,
};

const fromConsistency = (value: WireConsistency | undefined): Consistency | undefined =>
  (Object.keys(consistencies) as Consistency[]).find((name) => consistencies[name] === value);
const fromConcurrency = (value: WireConcurrency | undefined): Concurrency | undefined =>
  (Object.keys(concurrencies) as Concurrency[]).find((name) => concurrencies[name] === value);

const fromOptions = (options: StateOptions | undefined) => ({
  consistency: fromConsistency(options?.consistency),
  concurrency: fromConcurrency(options?.concurrency),
});

const toOptions = ({ consistency, concurrency }: StateDelete) => ({
  consistency: consistency === undefined ? WireConsistency.CONSISTENCY_UNSPECIFIED : consistencies[consistency],
  concurrency: concurrency === undefined ? WireConcurrency.CONCURRENCY_UNSPECIFIED : concurrencies[concurrency],
});

const toEtag = (etag: string | undefined) => (etag === undefined ? {} : { etag: { value: etag } });

export const fromGet = (request: GetRequest): StateGet => ({
  key: request.key,
  consistency: fromConsistency(request.consistency),
  metadata: request.metadata,
});

export const toGet = (request: StateGet): MessageInitShape<typeof GetRequestSchema> => ({
  key: request.key,
  consistency:
    request.consistency === undefined ? WireConsistency.CONSISTENCY_UNSPECIFIED : consistencies[request.consistency],
  metadata: { ...request.metadata },
});

/** A key that does not exist is a response without data and etag. */
export const fromGetResponse = (response: GetResponse): StateValue | undefined =>
  response.data.length === 0 && response.etag === undefined
    ? undefined
    : {
        data: response.data,
        etag: response.etag?.value,
        contentType: orUndefined(response.contentType),
        metadata: response.metadata,
      };

export const toGetResponse = (value: StateValue | undefined): MessageInitShape<typeof GetResponseSchema> =>
  value === undefined
    ? {}
    : {
        data: value.data,
        ...toEtag(value.etag),
        contentType: value.contentType ?? '',
        metadata: { ...value.metadata },
      };

export const fromSet = (request: SetRequest): StateSet => ({
  key: request.key,
  value: request.value,
  etag: request.etag?.value,
  ...fromOptions(request.options),
  contentType: orUndefined(request.contentType),
  metadata: request.metadata,
});

export const toSet = (request: StateSet): MessageInitShape<typeof SetRequestSchema> => ({
  key: request.key,
  value: request.value,
  ...toEtag(request.etag),
  options: toOptions(request),
  contentType: request.contentType ?? '',
  metadata: { ...request.metadata },
});

export const fromDelete = (request: DeleteRequest): StateDelete => ({
  key: request.key,
  etag: request.etag?.value,
  ...fromOptions(request.options),
  metadata: request.metadata,
});

export const toDelete = (request: StateDelete): MessageInitShape<typeof DeleteRequestSchema> => ({
  key: request.key,
  ...toEtag(request.etag),
  options: toOptions(request),
  metadata: { ...request.metadata },
});

export const fromBulkItem = (item: BulkStateItem): StateBulkItem => ({
  key: item.key,
  error: orUndefined(item.error),
  value:
    item.error !== '' || (item.data.length === 0 && item.etag === undefined)
      ? undefined
      : {
          data: item.data,
          etag: item.etag?.value,
          contentType: orUndefined(item.contentType),
          metadata: item.metadata,
        },
});

export const toBulkItem = (item: StateBulkItem): MessageInitShape<typeof BulkStateItemSchema> =>
  ({
    key: item.key,
    error: item.error ?? '',
    ...toGetResponse(item.value),
  }) as MessageInitShape<typeof BulkStateItemSchema>;

export function fromOperation(operation: TransactionalStateOperation): StateOperation {
  const { request } = operation;
  if (request.case === 'set') return { kind: 'set', ...fromSet(request.value) };
  if (request.case === 'delete') return { kind: 'delete', ...fromDelete(request.value) };
  throw fault('bad-request', 'a transaction holds an operation that neither sets nor deletes');
}

export const toOperation = (operation: StateOperation): MessageInitShape<typeof TransactionalStateOperationSchema> =>
  operation.kind === 'set'
    ? { request: { case: 'set', value: toSet(operation) } }
    : { request: { case: 'delete', value: toDelete(operation) } };

/** Operands of a filter are JSON in the `value` of an Any. */
export const fromQuery = ({ query, metadata }: QueryRequest): StateQuery => ({
  filter: Object.fromEntries(
    Object.entries(query?.filter ?? {}).map(([name, any]) => [name, JSON.parse(new TextDecoder().decode(any.value))]),
  ),
  sort: (query?.sort ?? []).map(({ key, order }) => ({ key, order: order === Sorting_Order.DESC ? 'DESC' : 'ASC' })),
  page: { limit: Number(query?.pagination?.limit ?? 0n), token: query?.pagination?.token ?? '' },
  metadata,
});

export const toQuery = (query: StateQuery): MessageInitShape<typeof QueryRequestSchema> => ({
  query: {
    filter: Object.fromEntries(
      Object.entries(query.filter).map(([name, operand]) => [
        name,
        { value: new TextEncoder().encode(JSON.stringify(operand)) },
      ]),
    ),
    sort: query.sort.map(({ key, order }) => ({ key, order: Sorting_Order[order] })),
    pagination: { limit: BigInt(query.page.limit), token: query.page.token },
  },
  metadata: { ...query.metadata },
});

export const fromQueryResponse = (response: QueryResponse): StateQueryResult => ({
  results: response.items.map(({ key, data, etag, error }) => ({
    key,
    data,
    etag: etag?.value,
    error: orUndefined(error),
  })),
  token: response.token,
  metadata: response.metadata,
});

export const toQueryResponse = (result: StateQueryResult): MessageInitShape<typeof QueryResponseSchema> => ({
  items: result.results.map(({ key, data, etag, error }) => ({ key, data, ...toEtag(etag), error: error ?? '' })),
  token: result.token,
  metadata: { ...result.metadata },
});
