import type { StateItem, StateOptions } from '#proto/dapr/proto/common/v1/common_pb.js';
import type { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { RestForm } from '../doors.ts';

type Form<
  K extends 'getState' | 'saveState' | 'deleteState' | 'getBulkState' | 'executeStateTransaction' | 'queryStateAlpha1',
> = RestForm<(typeof Dapr.method)[K]>;

const part = encodeURIComponent;
const query = (metadata: Readonly<Record<string, string>>) =>
  new URLSearchParams(Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, value])).toString();

const concurrencies = ['', 'first-write', 'last-write'];
const consistencies = ['', 'eventual', 'strong'];

const optionWords = (options: StateOptions | undefined) => ({
  concurrency: concurrencies[options?.concurrency ?? 0],
  consistency: consistencies[options?.consistency ?? 0],
});

/** An item as JSON text; its value, JSON already, goes in as it is. */
function itemText({ key, value, etag, metadata, options }: StateItem): string {
  const rest = JSON.stringify({ key, etag: etag?.value, metadata, options: optionWords(options) });
  const raw = Buffer.from(value).toString();
  return raw === '' ? rest : `${rest.slice(0, -1)},"value":${raw}}`;
}

/** How state operations look over HTTP. */
export const getForm: Form<'getState'> = {
  send: ({ storeName, key, metadata }) => ({
    method: 'GET',
    url: `/v1.0/state/${part(storeName)}/${part(key)}?${query(metadata)}`,
  }),
  read: ({ headers = {}, body }) => ({
    data: Buffer.from((body ?? '') as Uint8Array),
    etag: String(headers['etag'] ?? ''),
    metadata: Object.fromEntries(
      Object.entries(headers)
        .filter(([name]) => name.startsWith('metadata.'))
        .map(([name, value]) => [name.slice('metadata.'.length), String(value)]),
    ),
  }),
};

export const saveForm: Form<'saveState'> = {
  send: ({ storeName, states }) => ({
    method: 'POST',
    url: `/v1.0/state/${part(storeName)}`,
    body: Buffer.from(`[${states.map(itemText).join(',')}]`),
  }),
};

export const deleteForm: Form<'deleteState'> = {
  send: ({ storeName, key, etag, options, metadata }) => ({
    method: 'DELETE',
    url: `/v1.0/state/${part(storeName)}/${part(key)}?${new URLSearchParams(optionWords(options) as Record<string, string>)}&${query(metadata)}`,
    headers: etag === undefined ? {} : { 'if-match': etag.value },
  }),
};

export const bulkForm: Form<'getBulkState'> = {
  send: ({ storeName, keys, parallelism, metadata }) => ({
    method: 'POST',
    url: `/v1.0/state/${part(storeName)}/bulk`,
    body: { keys, parallelism, metadata },
  }),
  read({ body }) {
    const items = JSON.parse(String(body)) as { key: string; data?: unknown; etag?: string; error?: string }[];
    return {
      items: items.map(({ key, data, etag = '', error = '' }) => ({
        key,
        data: Buffer.from(data === undefined ? '' : JSON.stringify(data)),
        etag,
        error,
      })),
    };
  },
};

export const transactForm: Form<'executeStateTransaction'> = {
  send({ storeName, operations, metadata }) {
    const texts = operations.map(
      ({ operationType, request }) =>
        `{"operation":${JSON.stringify(operationType)},"request":${request ? itemText(request) : '{}'}}`,
    );
    return {
      method: 'POST',
      url: `/v1.0/state/${part(storeName)}/transaction`,
      body: Buffer.from(`{"operations":[${texts.join(',')}],"metadata":${JSON.stringify(metadata)}}`),
    };
  },
};

export const queryForm: Form<'queryStateAlpha1'> = {
  send: (request) => ({
    method: 'POST',
    url: `/v1.0-alpha1/state/${part(request.storeName)}/query`,
    body: Buffer.from(request.query),
  }),
  read({ body }) {
    if (body === undefined) return {};
    const { results, token = '' } = JSON.parse(String(body)) as {
      results: { key: string; data: unknown; etag?: string }[];
      token?: string;
    };
    return {
      results: results.map(({ key, data, etag = '' }) => ({ key, data: Buffer.from(JSON.stringify(data)), etag })),
      token,
    };
  },
};
