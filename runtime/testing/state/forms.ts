import type { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import type { RestForm } from '../doors.ts';

const part = encodeURIComponent;
const query = (metadata: Readonly<Record<string, string>>) =>
  new URLSearchParams(Object.entries(metadata).map(([name, value]) => [`metadata.${name}`, value])).toString();

/** How state operations look over HTTP. */
export const getForm: RestForm<typeof Dapr.method.getState> = {
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
