import type { LockStore } from '#contracts/lock.ts';
import { expect, it } from '#kit/testing/test.ts';
import { Dapr } from '#proto/dapr/proto/runtime/v1/dapr_pb.js';
import { createRegistry } from '../../registry.ts';
import { componentStage } from '../../stages/component.ts';
import { throughBothDoors } from '../../testing/doors.ts';
import { lockKind } from './kind.ts';
import { tryLock } from './try-lock.ts';
import { unlock } from './unlock.ts';

function withLocks(metadata: Record<string, string> = {}) {
  const held = new Map<string, string>();
  const store: LockStore = {
    async tryLock({ resourceId, owner }) {
      if (held.has(resourceId)) return false;
      held.set(resourceId, owner);
      return true;
    },
    async unlock({ resourceId, owner }) {
      const holder = held.get(resourceId);
      if (holder === undefined) return 'LOCK_DOES_NOT_EXIST';
      if (holder !== owner) return 'LOCK_BELONGS_TO_OTHERS';
      held.delete(resourceId);
      return 'SUCCESS';
    },
    async [Symbol.asyncDispose]() {},
  };
  const registry = createRegistry();
  const context = { appId: 'shop', namespace: '', name: 'locks', metadata, secretNames: {}, namespaced: false };
  const component = lockKind.bind(store, context);
  const rest = { guard: undefined, observe: undefined, close: async () => {} };
  registry.add({ name: 'locks', type: 'lock.x', version: 'v1', kind: lockKind, component, ...rest });
  return { held, under: { operations: [tryLock, unlock], stages: [componentStage(registry, 'shop')] } };
}

throughBothDoors('locking', (connect) => {
  const mine = { storeName: 'locks', resourceId: 'r', lockOwner: 'me', expiryInSeconds: 10 };

  it('gives a lock to one owner, under the prefix of the app', async () => {
    const { held, under } = withLocks();
    const client = connect(under);
    expect(await client.call(Dapr.method.tryLockAlpha1, mine)).toMatchObject({ success: true });
    expect(await client.call(Dapr.method.tryLockAlpha1, mine)).toMatchObject({ success: false });
    expect([...held.keys()]).toEqual(['lock||shop||r']);
    const status = async (change: object) =>
      (await client.call(Dapr.method.unlockAlpha1, { ...mine, ...change })).status;
    expect([await status({ lockOwner: 'you' }), await status({}), await status({})]).toEqual([2, 0, 1]);
  });

  it.each([
    ['none', 'lock||r'],
    ['name', 'lock||locks||r'],
    ['Own', 'lock||own||r'],
  ])('names locks as keyPrefix %s says', async (keyPrefix, key) => {
    const { held, under } = withLocks({ keyPrefix });
    await connect(under).call(Dapr.method.tryLockAlpha1, mine);
    expect([...held.keys()]).toEqual([key]);
  });

  it('refuses requests that lack something, and stores it does not have', async () => {
    const client = connect(withLocks().under);
    const call = (change: object) => client.call(Dapr.method.tryLockAlpha1, { ...mine, ...change });
    await client.fails(call({ resourceId: '' }), 'lock-request', 'ResourceId is empty in lock store locks');
    await client.fails(call({ lockOwner: '' }), 'lock-request', 'LockOwner is empty in lock store locks');
    await client.fails(
      call({ expiryInSeconds: 0 }),
      'lock-request',
      'ExpiryInSeconds is not positive in lock store locks',
    );
    await client.fails(call({ storeName: 'other' }), 'lock-not-found', 'lock store other not found');
    await client.fails(call({ resourceId: 'a||b' }), 'lock-try', /can't contain/);
  });
});
