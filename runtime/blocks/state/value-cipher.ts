import { type CipherGCMTypes, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { fault } from '#kit/errors/fault.ts';
import type { BindContext } from '../kind.ts';

/** Encrypts values on their way into a store. */
export type ValueCipher = {
  seal(value: Uint8Array): Uint8Array;
  /** Throws `internal` when the value was not sealed by a key that is still known. An empty value stays empty. */
  open(sealed: Uint8Array): Uint8Array;
};

type Key = { name: string; bytes: Buffer; algorithm: CipherGCMTypes };

const nonceLength = 12;
const tagLength = 16;
const separator = Buffer.from('||');

/**
 * The cipher of a store with metadata `primaryEncryptionKey` (hex of 16, 24 or 32 bytes) and, to read older values,
 * `secondaryEncryptionKey`; undefined without. Values are `base64(nonce, AES-GCM ciphertext, tag)||name of the key's
 * secret`. Source: Dapr `pkg/encryption`.
 */
export function valueCipher(context: BindContext): ValueCipher | undefined {
  const primary = keyOf(context, 'primaryEncryptionKey');
  const secondary = keyOf(context, 'secondaryEncryptionKey');
  if (primary === undefined) return undefined;
  return {
    seal: (value) => Buffer.from(`${seal(primary, value).toString('base64')}||${primary.name}`),
    open(sealed) {
      if (sealed.length === 0) return sealed;
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
      const at = bytes.lastIndexOf(separator);
      const name = at < 0 ? '' : bytes.toString('utf8', at + separator.length);
      if (name === '') {
        throw fault(
          'internal',
          `could not decrypt data for state store ${context.name}: encryption key name not found on record`,
        );
      }
      const key = [primary, secondary].find((one) => one?.name === name);
      if (key === undefined) {
        throw fault('internal', `could not decrypt data for state store ${context.name}: no key named ${name}`);
      }
      return open(key, Buffer.from(bytes.toString('latin1', 0, at), 'base64'), context.name);
    },
  };
}

function keyOf({ metadata, secretNames, name }: BindContext, item: string): Key | undefined {
  const hex = metadata[item];
  if (hex === undefined || hex === '') return undefined;
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length * 2 !== hex.length || ![16, 24, 32].includes(bytes.length)) {
    throw fault('invalid-metadata', `component ${name}: ${item} must be 16, 24 or 32 bytes in hex`);
  }
  return { name: secretNames[item] ?? '', bytes, algorithm: `aes-${(bytes.length * 8) as 128 | 192 | 256}-gcm` };
}

function seal({ algorithm, bytes }: Key, value: Uint8Array): Buffer {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv(algorithm, bytes, nonce);
  return Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]);
}

function open({ algorithm, bytes }: Key, sealed: Buffer, store: string): Buffer {
  try {
    const end = sealed.length - tagLength;
    const decipher = createDecipheriv(algorithm, bytes, sealed.subarray(0, nonceLength));
    decipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([decipher.update(sealed.subarray(nonceLength, end)), decipher.final()]);
  } catch (cause) {
    throw fault('internal', `could not decrypt data for state store ${store}: the key does not fit`, { cause });
  }
}
