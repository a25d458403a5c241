import type { DescMethodUnary } from '@bufbuild/protobuf';
import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation, type Operation } from '../operation.ts';

const unserved = (method: DescMethodUnary, word: string): Operation =>
  defineOperation<DescMethodUnary, string, unknown>({
    method,
    api: 'subtlecrypto.v1alpha1',
    http: {
      method: 'POST',
      path: `/v1.0-alpha1/subtlecrypto/{componentName}/${word}`,
      toRequest: () => ({}),
    },
    handle: async () => {
      throw fault('api-unimplemented', 'this API is currently not implemented');
    },
  });

/** Single operations on keys. Dapr's released sidecars are built without them, and answer just this. */
export const subtleOperations: readonly Operation[] = [
  unserved(Dapr.method.subtleGetKeyAlpha1, 'getkey'),
  unserved(Dapr.method.subtleEncryptAlpha1, 'encrypt'),
  unserved(Dapr.method.subtleDecryptAlpha1, 'decrypt'),
  unserved(Dapr.method.subtleWrapKeyAlpha1, 'wrapkey'),
  unserved(Dapr.method.subtleUnwrapKeyAlpha1, 'unwrapkey'),
  unserved(Dapr.method.subtleSignAlpha1, 'sign'),
  unserved(Dapr.method.subtleVerifyAlpha1, 'verify'),
];
