import { fault } from '#kit/errors/fault.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { UnlockResponse_Status } from '#proto/dapr/proto/runtime/v1/lock_pb.js';
import { defineOperation } from '../operation.ts';
import { checkLockRequest, lockKind } from './kind.ts';

/** Gives a lock back. Over HTTP the status is a number. */
export const unlock = defineOperation({
  method: Dapr.method.unlockAlpha1,
  api: 'lock.v1alpha1',
  component: { kind: lockKind, name: (request) => request.storeName, action: 'unlock' },
  http: {
    method: 'POST',
    path: '/v1.0-alpha1/unlock/{storeName}',
    toReply: ({ status = 0 }) => ({ status: 200, body: JSON.stringify({ status }) }),
  },
  async handle(request, { component: bound, signal }) {
    checkLockRequest(request, bound.name);
    const { resourceId, lockOwner: owner } = request;
    try {
      const status = await bound.store.unlock({ resourceId: bound.key(resourceId), owner }, signal);
      return { status: UnlockResponse_Status[status] };
    } catch (thrown) {
      throw fault('lock-unlock', `failed to release lock: ${(thrown as Error).message}`, { cause: thrown });
    }
  },
});
