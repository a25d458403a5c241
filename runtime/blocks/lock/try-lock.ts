import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { defineOperation } from '../operation.ts';
import { checkLockRequest, lockKind } from './kind.ts';

/** Takes a lock if it is free; never waits. */
export const tryLock = defineOperation({
  method: Dapr.method.tryLockAlpha1,
  api: 'lock.v1alpha1',
  component: { kind: lockKind, name: (request) => request.storeName, action: 'try_lock' },
  http: {
    method: 'POST',
    path: '/v1.0-alpha1/lock/{storeName}',
    toReply: ({ success = false }) => ({ status: 200, body: JSON.stringify({ success }) }),
  },
  async handle(request, { component: bound, signal }) {
    checkLockRequest(request, bound.name);
    const { resourceId, lockOwner: owner, expiryInSeconds: expirySeconds } = request;
    if (expirySeconds <= 0) throw fault('lock-request', `ExpiryInSeconds is not positive in lock store ${bound.name}`);
    try {
      return {
        success: await bound.store.tryLock({ resourceId: bound.key(resourceId), owner, expirySeconds }, signal),
      };
    } catch (thrown) {
      throw fault('lock-try', `failed to try acquiring lock: ${(thrown as Error).message}`, { cause: thrown });
    }
  },
});
