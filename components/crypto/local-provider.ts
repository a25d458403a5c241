import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import type { CryptoProvider } from '#contracts/crypto.ts';
import { fault } from '#kit/errors/fault.ts';
import type { LocalKey } from './local-key.ts';

/** Finds a key by its name; rejects with `not-found`. */
export type FindKey = (name: string, signal: AbortSignal | undefined) => Promise<LocalKey>;

/** A vault whose keys are in this process: for components that only have to find them. */
export function localProvider(find: FindKey, close: () => Promise<void> = async () => {}): CryptoProvider {
  return {
    async wrapKey({ keyName, algorithm, plaintextKey }, signal) {
      const key = usable(await find(keyName, signal), keyName, algorithm, 'wrapKey');
      return cipherOf(algorithm, keyName).wrap(key, plaintextKey);
    },
    async unwrapKey({ keyName, algorithm, wrappedKey }, signal) {
      const key = usable(await find(keyName, signal), keyName, algorithm, 'unwrapKey');
      return cipherOf(algorithm, keyName).unwrap(key, wrappedKey);
    },
    [Symbol.asyncDispose]: close,
  };
}

type KeyCipher = {
  wrap(key: KeyObject, plaintext: Uint8Array): Uint8Array;
  unwrap(key: KeyObject, wrapped: Uint8Array): Uint8Array;
};

/** Bytes of the shortest key there is, wrapped. */
const shortestWrapped = 24;

/** RFC 3394, with its initial value. */
const aesWrap = (bits: number): KeyCipher => {
  const algorithm = `id-aes${bits}-wrap`;
  const initial = Buffer.alloc(8, 0xa6);
  const of = (key: KeyObject) => {
    if (key.type === 'secret' && key.symmetricKeySize === bits / 8) return key;
    throw fault('bad-request', `it must be a symmetric key of ${bits} bits`);
  };
  return {
    wrap(key, plaintext) {
      const cipher = createCipheriv(algorithm, of(key), initial);
      return Buffer.concat([cipher.update(plaintext), cipher.final()]);
    },
    unwrap(key, wrapped) {
      if (wrapped.length < shortestWrapped) throw fault('bad-request', 'what was wrapped is cut short');
      const cipher = createDecipheriv(algorithm, of(key), initial);
      return Buffer.concat([cipher.update(wrapped), cipher.final()]);
    },
  };
};

const rsaOaep = (oaepHash: string): KeyCipher => {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const of = (key: KeyObject, type?: 'private') => {
    if (key.asymmetricKeyType === 'rsa' && (type === undefined || key.type === type)) return key;
    throw fault('bad-request', `it must be ${type === undefined ? 'an RSA key' : 'the private half of an RSA key'}`);
  };
  return {
    wrap: (key, plaintext) => publicEncrypt({ key: of(key), oaepHash, padding }, plaintext),
    unwrap: (key, wrapped) => privateDecrypt({ key: of(key, 'private'), oaepHash, padding }, wrapped),
  };
};

const ciphers: Readonly<Record<string, KeyCipher>> = {
  A128KW: aesWrap(128),
  A192KW: aesWrap(192),
  A256KW: aesWrap(256),
  'RSA-OAEP': rsaOaep('sha1'),
  'RSA-OAEP-256': rsaOaep('sha256'),
  'RSA-OAEP-384': rsaOaep('sha384'),
  'RSA-OAEP-512': rsaOaep('sha512'),
};

function cipherOf(algorithm: string, keyName: string): KeyCipher {
  const cipher = Object.hasOwn(ciphers, algorithm) ? ciphers[algorithm]! : undefined;
  if (cipher === undefined) throw refused(keyName, `algorithm ${algorithm} is not supported by this vault`);
  const named = (run: KeyCipher['wrap']): KeyCipher['wrap'] => {
    return (key, bytes) => {
      try {
        return run(key, bytes);
      } catch (cause) {
        throw refused(keyName, (cause as Error).message, cause);
      }
    };
  };
  return { wrap: named(cipher.wrap), unwrap: named(cipher.unwrap) };
}

/** What a JWK says of its use is kept to. */
function usable({ key, use, operations, algorithm }: LocalKey, name: string, wanted: string, operation: string) {
  const may = (operations === undefined || operations.length === 0 || operations.includes(operation)) && use !== 'sig';
  if (!may) throw refused(name, `it may not be used to ${operation}`);
  if (algorithm && algorithm !== wanted) throw refused(name, `it may only be used with algorithm ${algorithm}`);
  return key;
}

const refused = (name: string, why: string, cause?: unknown) => fault('bad-request', `key ${name}: ${why}`, { cause });
