import type { DecryptRequestOptions } from '#proto/dapr/proto/runtime/v1/crypto_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { headerOf } from '../rest.ts';
import type { FindVault } from './kind.ts';
import { decrypt } from './scheme/decrypt.ts';
import { type CryptoMessage, messagesOf, numbered, octets, opening, whole } from './streams.ts';

/** Decrypts a stream in Dapr's format. A key named in the request wins over the one the document names. */
export const decryptData = (findVault: FindVault) =>
  defineOperation({
    method: Dapr.method.decryptAlpha1,
    api: 'crypto.v1alpha1',
    http: {
      method: 'PUT',
      path: '/v1.0-alpha1/crypto/{componentName}/decrypt',
      toRequest(http) {
        const { componentName } = http.params;
        findVault(componentName);
        return messagesOf({ componentName, keyName: headerOf(http, 'dapr-key-name') ?? '' }, http.body);
      },
      toReply: async (reply) => octets(await whole(reply as Parameters<typeof whole>[0])),
    },
    handle: (requests, { signal }) => decrypted(requests, findVault, signal),
  });

async function* decrypted(
  requests: AsyncIterable<CryptoMessage<DecryptRequestOptions>>,
  findVault: FindVault,
  signal: AbortSignal,
) {
  const { options, body } = await opening(requests);
  const vault = findVault(options.componentName);
  yield* numbered(
    decrypt(body, {
      keyName: options.keyName,
      unwrap: (keyName, { algorithm, wrappedKey }) =>
        vault.call((provider, one) => provider.unwrapKey({ keyName, algorithm, wrappedKey }, one), signal),
    }),
  );
}
