import { isTruthy } from '#kit/values/truthy.ts';
import type { EncryptRequestOptions } from '#proto/dapr/proto/runtime/v1/crypto_pb.js';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { headerOf } from '../rest.ts';
import { badRequest, type FindVault } from './kind.ts';
import { encrypt } from './scheme/encrypt.ts';
import { payloadCipherOf, wrapAlgorithmOf } from './scheme/manifest.ts';
import { type CryptoMessage, messagesOf, numbered, octets, opening, whole } from './streams.ts';

/** Encrypts a stream under a key of a vault, in Dapr's format. Over HTTP the options are headers. */
export const encryptData = (findVault: FindVault) =>
  defineOperation({
    method: Dapr.method.encryptAlpha1,
    api: 'crypto.v1alpha1',
    http: {
      method: 'PUT',
      path: '/v1.0-alpha1/crypto/{componentName}/encrypt',
      toRequest(http) {
        findVault(http.params.componentName);
        const needed = (name: string) => {
          const value = headerOf(http, name);
          if (value) return value;
          throw badRequest(`missing header '${name}'`);
        };
        const options = {
          componentName: http.params.componentName,
          keyName: needed('dapr-key-name'),
          keyWrapAlgorithm: needed('dapr-key-wrap-algorithm'),
          omitDecryptionKeyName: isTruthy(headerOf(http, 'dapr-omit-decryption-key-name')),
          decryptionKeyName: headerOf(http, 'dapr-decryption-key-name') ?? '',
          dataEncryptionCipher: headerOf(http, 'dapr-data-encryption-cipher') ?? '',
        };
        return messagesOf(options, http.body);
      },
      toReply: async (reply) => octets(await whole(reply as Parameters<typeof whole>[0])),
    },
    handle: (requests, { signal }) => encrypted(requests, findVault, signal),
  });

async function* encrypted(
  requests: AsyncIterable<CryptoMessage<EncryptRequestOptions>>,
  findVault: FindVault,
  signal: AbortSignal,
) {
  const { options, body } = await opening(requests);
  const { componentName, keyName, keyWrapAlgorithm, dataEncryptionCipher } = options;
  if (keyName === '') throw badRequest("missing property 'keyName' in the options message");
  if (keyWrapAlgorithm === '') throw badRequest("missing property 'keyWrapAlgorithm' in the options message");
  const vault = findVault(componentName);
  const algorithm = wrapAlgorithmOf(keyWrapAlgorithm);
  const cipher = payloadCipherOf(dataEncryptionCipher);
  yield* numbered(
    (async function* () {
      if (algorithm === undefined) throw invalid('Algorithm', `algorithm ${keyWrapAlgorithm.toUpperCase()}`);
      if (cipher === undefined) throw invalid('Cipher', `cipher ${dataEncryptionCipher.toUpperCase()}`);
      const wrap = (plaintextKey: Uint8Array) =>
        vault.call((provider, one) => provider.wrapKey({ keyName, algorithm, plaintextKey }, one), signal);
      yield* encrypt(body, {
        wrap: (key) => wrap(key).catch((cause) => Promise.reject(wrapFailed(cause))),
        algorithm,
        cipher,
        keyName: options.omitDecryptionKeyName ? '' : options.decryptionKeyName || keyName,
      });
    })(),
  );
}

const invalid = (option: string, what: string) => new Error(`option ${option} is not valid: ${what} is not supported`);
const wrapFailed = (cause: Error) => new Error(`failed to wrap the file key: ${cause.message}`, { cause });
