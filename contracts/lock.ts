/** How an unlock went, by the names of the API. */
export type UnlockStatus = 'SUCCESS' | 'LOCK_DOES_NOT_EXIST' | 'LOCK_BELONGS_TO_OTHERS' | 'INTERNAL_ERROR';

/** An opened lock store. Locks are held by an owner, a text that the caller makes unique. */
export type LockStore = AsyncDisposable & {
  /** False when somebody else holds the lock; it never waits. The lock frees itself after `expirySeconds`. */
  tryLock(
    request: { resourceId: string; owner: string; expirySeconds: number },
    signal?: AbortSignal,
  ): Promise<boolean>;
  unlock(request: { resourceId: string; owner: string }, signal?: AbortSignal): Promise<UnlockStatus>;
  ping?(signal?: AbortSignal): Promise<void>;
};
