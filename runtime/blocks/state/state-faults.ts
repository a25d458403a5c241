import { Fault, fault } from '#kit/errors/fault.ts';
import type { FaultKey } from '#kit/errors/table.ts';
import { errorInfo, resourceInfo } from '../details.ts';

const storeInfo = (store: string) => resourceInfo('state', store);

/** No store of that name. */
export function storeAbsent(store: string, any: boolean, appId: string): Fault {
  const metadata: Record<string, string> = appId === '' ? {} : { appID: appId };
  return any
    ? fault('state-store-not-found', `state store ${store} is not found`, {
        details: [errorInfo('DAPR_STATE_NOT_FOUND', metadata)],
      })
    : fault('state-store-not-configured', `state store ${store} is not configured`, {
        details: [errorInfo('DAPR_STATE_NOT_CONFIGURED', metadata)],
      });
}

/** A key that contains the separator of prefixes. */
export function illegalKey(store: string, key: string): Fault {
  const message = `input key/keyPrefix '${key}' can't contain '||'`;
  return fault('state-illegal-key', message, {
    details: [
      errorInfo('DAPR_STATE_ILLEGAL_KEY'),
      storeInfo(store),
      { kind: 'bad-request', violations: [{ field: key, description: message }] },
    ],
  });
}

export const noTransactions = (store: string): Fault =>
  fault('state-transactions-not-supported', `state store ${store} doesn't support transactions`, {
    details: [
      errorInfo('DAPR_STATE_TRANSACTIONS_NOT_SUPPORTED'),
      storeInfo(store),
      {
        kind: 'help',
        links: [
          {
            url: 'https://docs.dapr.io/reference/components-reference/supported-state-stores/',
            description: 'Check the list of state stores and the features they support',
          },
        ],
      },
    ],
  });

export const tooManyOperations = (store: string, count: number, most: number): Fault =>
  fault(
    'state-too-many-operations',
    `the transaction contains ${count} operations, which is more than what the state store supports: ${most}`,
    {
      details: [
        errorInfo('DAPR_STATE_TOO_MANY_TRANSACTIONS', {
          currentOpsTransaction: String(count),
          maxOpsPerTransaction: String(most),
        }),
        storeInfo(store),
      ],
    },
  );

export const noQueries = (store: string): Fault =>
  fault('state-query-not-supported', 'state store does not support querying', {
    details: [errorInfo('DAPR_STATE_QUERYING_NOT_SUPPORTED'), storeInfo(store)],
  });

/** A failed query; a component that chose its answer gives the whole of it. */
export function queryFailed(store: string, thrown: unknown): Fault {
  if (thrown instanceof Fault && thrown.chosen) {
    const { chosen, errorCode } = thrown;
    const { message, details } = chosen.grpc;
    return fault('state-query', message, { cause: thrown, errorCode, details, chosen });
  }
  return fault('state-query', `state store ${store} query failed: ${messageOf(thrown)}`, {
    cause: thrown,
    details: [errorInfo('DAPR_STATE_QUERY_FAILED'), storeInfo(store)],
  });
}

/** A failed transaction; one that a component's limit refuses is refused as by our own. */
export function transactionFailed(store: string, thrown: unknown): Fault {
  if (thrown instanceof Fault && thrown.key === 'state-too-many-operations') {
    return fault(thrown.key, thrown.message, { cause: thrown, details: [...thrown.details, storeInfo(store)] });
  }
  const words = `error while executing state transaction: ${messageOf(thrown)}`;
  return fault('state-transaction', words, { cause: thrown });
}

/**
 * What a failed call of a store becomes: an etag fault keeps its key and so its status, anything else takes `key`. The
 * message is `words` with the store's own behind it.
 */
export function storeFailed(key: FaultKey, errorCode: string, words: string, thrown: unknown): Fault {
  const etag = thrown instanceof Fault && (thrown.key === 'state-etag-mismatch' || thrown.key === 'state-etag-invalid');
  const chosen = thrown instanceof Fault ? thrown.chosen : undefined;
  return fault(etag ? thrown.key : key, `${words}: ${messageOf(thrown)}`, { cause: thrown, errorCode, chosen });
}

export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
