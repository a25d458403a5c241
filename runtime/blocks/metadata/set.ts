import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import type { ExtendedMetadata } from './extended.ts';

/** Adds a value to what the metadata API tells; an empty key is ignored. */
export const setMetadata = (extended: ExtendedMetadata) =>
  defineOperation({
    method: Dapr.method.setMetadata,
    api: 'metadata.v1',
    http: {
      method: 'PUT',
      path: '/v1.0/metadata/{key}',
      toRequest: (http) => ({ key: http.params.key, value: http.body.toString() }),
    },
    async handle({ key, value }) {
      if (key !== '') extended.set(key, value);
      return {};
    },
  });
