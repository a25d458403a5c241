import type { webcrypto } from 'node:crypto';

/** Names of algorithms are those of RFC 7518, such as `A256KW`, `RSA-OAEP-256`, `A256GCM`, `ES256`. */
type KeyUse = { keyName: string; algorithm: string };
type Sealing = KeyUse & { nonce?: Uint8Array | undefined; associatedData?: Uint8Array | undefined };

/**
 * An opened vault of keys, which never leave it but for public halves. A key that does not exist rejects with
 * `not-found`, an algorithm the key cannot do with `bad-request`.
 */
export type CryptoProvider = AsyncDisposable & {
  /** The public half. */
  getKey(keyName: string, signal?: AbortSignal): Promise<webcrypto.JsonWebKey>;
  /** The tag is of authenticated ciphers only. */
  encrypt(
    request: Sealing & { plaintext: Uint8Array },
    signal?: AbortSignal,
  ): Promise<{ ciphertext: Uint8Array; tag?: Uint8Array | undefined }>;
  decrypt(
    request: Sealing & { ciphertext: Uint8Array; tag?: Uint8Array | undefined },
    signal?: AbortSignal,
  ): Promise<Uint8Array>;
  wrapKey(
    request: Sealing & { plaintextKey: Uint8Array },
    signal?: AbortSignal,
  ): Promise<{ wrappedKey: Uint8Array; tag?: Uint8Array | undefined }>;
  unwrapKey(
    request: Sealing & { wrappedKey: Uint8Array; tag?: Uint8Array | undefined },
    signal?: AbortSignal,
  ): Promise<Uint8Array>;
  /** The digest is hashed already, as the algorithm demands. */
  sign(request: KeyUse & { digest: Uint8Array }, signal?: AbortSignal): Promise<Uint8Array>;
  verify(request: KeyUse & { digest: Uint8Array; signature: Uint8Array }, signal?: AbortSignal): Promise<boolean>;
};
