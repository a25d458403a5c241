import { fault, toFault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { queryMetadata } from '../rest.ts';
import type { SecretAccess } from './access.ts';
import { secretKind } from './kind.ts';

/** Reads every secret of a store that the app may read; the others are left out without a word. */
export const getBulkSecret = (access: SecretAccess) =>
  defineOperation({
    method: Dapr.method.getBulkSecret,
    api: 'secrets.v1',
    component: { kind: secretKind, name: (request) => request.storeName, action: 'bulk_get' },
    http: {
      method: 'GET',
      path: '/v1.0/secrets/{storeName}/bulk',
      toRequest: (http) => ({ ...http.params, metadata: queryMetadata(http) }),
      toReply({ data = {} }) {
        const plain = Object.entries(data).map(([name, one]) => [name, one.secrets ?? {}]);
        return { status: 200, body: JSON.stringify(Object.fromEntries(plain)) };
      },
    },
    async handle({ metadata }, { component: { name, store }, signal }) {
      try {
        const all = Object.entries(await store.bulkGet({ metadata }, signal));
        const allowed = all.filter(([secret]) => access(name, secret));
        return { data: Object.fromEntries(allowed.map(([secret, secrets]) => [secret, { secrets: { ...secrets } }])) };
      } catch (thrown) {
        const { message } = toFault(thrown);
        throw fault('secret-get', `failed getting secrets from secret store ${name}: ${message}`, { cause: thrown });
      }
    },
  });
