import { fault, toFault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { noContent, queryMetadata } from '../rest.ts';
import type { SecretAccess } from './access.ts';
import { secretKind } from './kind.ts';

/** Reads one secret, if the Configuration lets the app. */
export const getSecret = (access: SecretAccess) =>
  defineOperation({
    method: Dapr.method.getSecret,
    api: 'secrets.v1',
    component: { kind: secretKind, name: (request) => request.storeName, action: 'get' },
    http: {
      method: 'GET',
      path: '/v1.0/secrets/{storeName}/{key}',
      toRequest: (http) => ({ ...http.params, metadata: queryMetadata(http) }),
      toReply: ({ data }) => (data === undefined ? noContent : { status: 200, body: JSON.stringify(data) }),
    },
    async handle({ key, metadata }, { component: { name, store }, signal }) {
      if (!access(name, key)) {
        throw fault('secret-denied', `access denied by policy to get ${JSON.stringify(key)} from "${name}"`);
      }
      try {
        return { data: { ...(await store.get({ name: key, metadata }, signal)) } };
      } catch (thrown) {
        const { message } = toFault(thrown);
        throw fault('secret-get', `failed getting secret with key ${key} from secret store ${name}: ${message}`, {
          cause: thrown,
        });
      }
    },
  });
