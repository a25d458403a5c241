/** Names of algorithms are those of RFC 7518: `A256KW`, `RSA-OAEP-256`. */
type KeyUse = { keyName: string; algorithm: string };

/**
 * An opened vault of keys, which never leave it: data is encrypted by a key of its own, and that key is wrapped here. A
 * key that does not exist rejects with `not-found`, an algorithm the key cannot do with `bad-request`.
 */
export type CryptoProvider = AsyncDisposable & {
  wrapKey(request: KeyUse & { plaintextKey: Uint8Array }, signal?: AbortSignal): Promise<Uint8Array>;
  /** Rejects where the wrapped key is not what this key has wrapped. */
  unwrapKey(request: KeyUse & { wrappedKey: Uint8Array }, signal?: AbortSignal): Promise<Uint8Array>;
};
