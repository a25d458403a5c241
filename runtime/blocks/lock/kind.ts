import type { LockStore } from '#contracts/lock.ts';
import { fault } from '#kit/errors/fault.ts';
import { defineKind } from '../kind.ts';

/** A lock store in use. */
export type BoundLockStore = {
  readonly name: string;
  readonly store: LockStore;
  /** Name of a lock in the store. Throws for a resource id that holds `||`. */
  key(resourceId: string): string;
};

const separator = '||';

/** Lock stores. */
export const lockKind = defineKind<LockStore, BoundLockStore>({
  category: 'lock',
  metric: 'lock',
  policy: 'Lock',
  bind(store, { name, metadata, appId }) {
    const given = Object.entries(metadata).find(([item]) => item.toLowerCase() === 'keyprefix')?.[1];
    const strategy = given?.toLowerCase() ?? 'appid';
    if (strategy.includes(separator)) {
      throw fault('invalid-metadata', `input key/keyPrefix '${strategy}' can't contain '||'`);
    }
    const prefix = prefixOf(strategy, name, appId);
    return {
      name,
      store,
      key(resourceId) {
        if (!resourceId.includes(separator)) return prefix + resourceId;
        throw new Error(`input key/keyPrefix '${resourceId}' can't contain '||'`);
      },
    };
  },
  capabilities: () => [],
  absent: (name, any) =>
    any
      ? fault('lock-not-found', `lock store ${name} not found`)
      : fault('lock-not-configured', 'lock store is not configured'),
});

function prefixOf(strategy: string, name: string, appId: string): string {
  const middle: Readonly<Record<string, string>> = { none: '', name, appid: appId };
  const part = middle[strategy] ?? strategy;
  return part === '' ? `lock${separator}` : `lock${separator}${part}${separator}`;
}

/** Throws `lock-request` for a request without a resource or an owner. */
export function checkLockRequest(
  { resourceId, lockOwner }: { resourceId: string; lockOwner: string },
  name: string,
): void {
  if (resourceId === '') throw fault('lock-request', `ResourceId is empty in lock store ${name}`);
  if (lockOwner === '') throw fault('lock-request', `LockOwner is empty in lock store ${name}`);
}
