import fc from 'fast-check';
import { describe, expect, it } from '#kit/testing/test.ts';
import { decrypt } from './decrypt.ts';
import { encrypt } from './encrypt.ts';
import { type PayloadCipher, payloadCiphers, segmentSize, tagSize } from './file-key.ts';
import { payloadCipherOf, wrapAlgorithmOf } from './manifest.ts';

/** A vault that gives keys back as they are. */
const bare = {
  wrap: async (key: Uint8Array) => key,
  unwrap: async (_: string, { wrappedKey }: { wrappedKey: Uint8Array }) => wrappedKey,
};

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const collect = async (chunks: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(chunks));
const seal = (bytes: Uint8Array, cipher: PayloadCipher = 'AES-GCM', chunk = 10_000) =>
  collect(encrypt(inChunks(bytes, chunk), { ...bare, algorithm: 'A256KW', cipher, keyName: 'k' }));
const open = (document: Uint8Array, chunk = 10_000) =>
  collect(decrypt(inChunks(document, chunk), { keyName: '', unwrap: bare.unwrap }));

describe('the encryption scheme', () => {
  it.each(payloadCiphers)('gives back what was encrypted by %s, whatever its length', async (cipher) => {
    for (const length of [0, 1, segmentSize - 1, segmentSize, segmentSize + 1, 3 * segmentSize + 5]) {
      const plain = Buffer.alloc(length, 'outrigger');
      const document = await seal(plain, cipher);
      expect((await open(document)).equals(plain)).toBe(true);
      const segments = Math.ceil(length / segmentSize);
      const [head] = /^(?:[^\n]*\n){3}/.exec(document.toString('latin1'))!;
      expect(document.length - head.length).toBe(length + segments * tagSize);
    }
  });

  it('gives back any bytes, however they are cut on the way', async () => {
    const size = fc.integer({ min: 1, max: 300 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), size, size, async (plain, sealedBy, openedBy) => {
        expect(Uint8Array.from(await open(await seal(plain, 'AES-GCM', sealedBy), openedBy))).toEqual(plain);
      }),
    );
  });

  it('refuses a document with any byte changed', async () => {
    const document = await seal(Buffer.from('hello world'));
    for (let at = 0; at < document.length; at++) {
      const changed = Buffer.from(document);
      changed[at]! ^= 1;
      await expect(open(changed)).rejects.toThrow(/invalid header|signature|failed to decrypt|a key name/);
    }
  });

  it('refuses segments that were cut off, moved or repeated', async () => {
    const document = await seal(Buffer.alloc(3 * segmentSize, 7));
    const sealed = segmentSize + tagSize;
    const head = document.subarray(0, document.length - 3 * sealed);
    const [a, b, c] = [3, 2, 1].map((left) => document.subarray(document.length - left * sealed).subarray(0, sealed));
    for (const parts of [
      [a!, b!],
      [b!, a!, c!],
      [a!, a!, b!, c!],
      [a!, b!, c!.subarray(0, 100)],
    ]) {
      await expect(open(Buffer.concat([head, ...parts]))).rejects.toThrow('failed to decrypt segment');
    }
  });

  it('reads any bytes for a document without harm', async () => {
    const begun = fc.constantFrom('', 'dapr.io/enc/v1\n', 'dapr.io/enc/v1\n{}\n', 'dapr.io/enc/v1\n{"kw":1}\nAAAA\n');
    await fc.assert(
      fc.asyncProperty(begun, fc.uint8Array(), async (start, rest) => {
        await expect(open(Buffer.concat([Buffer.from(start), rest]))).rejects.toThrow('invalid header');
      }),
    );
    await expect(open(Buffer.from(`dapr.io/enc/v1\n${'x'.repeat(100_000)}`))).rejects.toThrow('invalid format');
  });

  it('does not tell a missing key from a wrong one', async () => {
    const document = await seal(Buffer.from('x'));
    const fails = async (unwrap: () => Promise<Uint8Array>) =>
      collect(decrypt(inChunks(document, 50), { keyName: '', unwrap })).catch((thrown: Error) => thrown.message);
    const missing = await fails(() => Promise.reject(new Error('not found')));
    expect(await fails(async () => Buffer.alloc(32, 1))).toBe(missing);
    expect(await fails(async () => Buffer.alloc(5))).toBe(missing);
  });

  it('takes a key named by the caller over the one in the document, and needs one of them', async () => {
    const names: string[] = [];
    const unwrap = async (name: string, { wrappedKey }: { wrappedKey: Uint8Array }) => {
      names.push(name);
      return wrappedKey;
    };
    const document = await seal(Buffer.from('x'));
    for (const keyName of ['', 'mine']) await collect(decrypt(inChunks(document, 99), { keyName, unwrap }));
    expect(names).toEqual(['k', 'mine']);
    const nameless = encrypt(inChunks(Buffer.of(1), 1), {
      ...bare,
      algorithm: 'A256KW',
      cipher: 'AES-GCM',
      keyName: '',
    });
    await expect(collect(decrypt(nameless, { keyName: '', unwrap }))).rejects.toThrow('does not contain a key name');
  });

  it('does not read on before what it has read was taken', async () => {
    let given = 0;
    const endless = (async function* () {
      for (;;) {
        given += segmentSize;
        yield Buffer.alloc(segmentSize);
      }
    })();
    const stream = encrypt(endless, { ...bare, algorithm: 'A256KW', cipher: 'AES-GCM', keyName: 'k' });
    for (let taken = 0; taken < 5; taken++) await stream.next();
    expect(given).toBeLessThanOrEqual(6 * segmentSize);
    await stream.return(undefined);
  });

  it('knows algorithms and ciphers in any case, and by their short names', () => {
    expect(['aes', 'A256kw', 'rsa', 'RSA-OAEP-256', 'RSA1_5'].map(wrapAlgorithmOf)).toEqual([
      'A256KW',
      'A256KW',
      'RSA-OAEP-256',
      'RSA-OAEP-256',
      undefined,
    ]);
    expect(['', 'aes-gcm', 'Chacha20-Poly1305', 'des'].map(payloadCipherOf)).toEqual([
      'AES-GCM',
      'AES-GCM',
      'CHACHA20-POLY1305',
      undefined,
    ]);
  });
});
