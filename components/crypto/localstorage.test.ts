import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openComponent } from '#contracts/component.ts';
import { cryptoConformance } from '#contracts/conformance/crypto.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { component } from './localstorage.ts';

let folder: string;
const write = (name: string, content: string | Buffer) => writeFileSync(path.join(folder, name), content);
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'outrigger-keys-'));
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const bytes = Buffer.from([...Array(32).keys()]);
  write('raw', bytes);
  write('base64', `${bytes.toString('base64')}\n`);
  write('symmetric.json', JSON.stringify(createSecretKey(bytes).export({ format: 'jwk' })));
  write('rsa.json', JSON.stringify(privateKey.export({ format: 'jwk' })));
  write('pkcs8.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }));
  write('pkcs1', privateKey.export({ type: 'pkcs1', format: 'pem' }));
  write('public.pem', publicKey.export({ type: 'spki', format: 'pem' }));
  write('sign.json', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), use: 'sig' }));
  write('wrap.json', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), key_ops: ['wrapKey'] }));
  write('only.json', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), alg: 'RSA-OAEP' }));
  write('broken.json', '{"kty":"oct","k":');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (metadata: Record<string, string> = { path: folder }) =>
  openComponent(component, metadata, {
    name: 'vault',
    log: silentLogger,
    signal: new AbortController().signal,
    env: {},
  });

const [aes, rsa] = ['A256KW', 'RSA-OAEP-256'];
cryptoConformance('crypto.dapr.localstorage', () => open(), [
  { keyName: 'raw', algorithm: aes },
  { keyName: 'base64', algorithm: aes },
  { keyName: 'symmetric.json', algorithm: aes },
  { keyName: 'rsa.json', algorithm: rsa },
  { keyName: 'pkcs8.pem', algorithm: rsa },
  { keyName: 'pkcs1', algorithm: 'RSA-OAEP-512' },
]);

describe('crypto.dapr.localstorage', () => {
  const plaintextKey = Buffer.alloc(32, 9);

  it('reads one key from all the forms it may be written in', async () => {
    await using vault = await open();
    const wrapped = await Promise.all(
      ['raw', 'base64', 'symmetric.json'].map((keyName) => vault.wrapKey({ keyName, algorithm: aes, plaintextKey })),
    );
    expect(new Set(wrapped.map((one) => Buffer.from(one).toString('hex'))).size).toBe(1);
  });

  it('wraps by the public half, and unwraps by the private one only', async () => {
    await using vault = await open();
    const wrappedKey = await vault.wrapKey({ keyName: 'public.pem', algorithm: rsa, plaintextKey });
    await expect(vault.unwrapKey({ keyName: 'public.pem', algorithm: rsa, wrappedKey })).rejects.toThrow(
      'private half',
    );
    expect(await vault.unwrapKey({ keyName: 'pkcs8.pem', algorithm: rsa, wrappedKey })).toEqual(plaintextKey);
  });

  it.each([
    ['raw', rsa, 'must be an RSA key'],
    ['rsa.json', aes, 'symmetric key of 256 bits'],
    ['sign.json', rsa, 'may not be used to wrapKey'],
    ['only.json', rsa, 'only be used with algorithm RSA-OAEP'],
    ['broken.json', aes, 'the key cannot be read'],
    ['../raw', aes, 'must not hold ".."'],
  ])('refuses key %s for %s, and says why', async (keyName, algorithm, why) => {
    await using vault = await open();
    await expect(vault.wrapKey({ keyName, algorithm, plaintextKey })).rejects.toThrow(why);
  });

  it('keeps to the operations that a key allows', async () => {
    await using vault = await open();
    const use = { keyName: 'wrap.json', algorithm: rsa };
    const wrappedKey = await vault.wrapKey({ ...use, plaintextKey });
    await expect(vault.unwrapKey({ ...use, wrappedKey })).rejects.toThrow('may not be used to unwrapKey');
  });

  it('takes a changed file from its next use', async () => {
    await using vault = await open();
    const use = { keyName: 'turned', algorithm: aes };
    write('turned', Buffer.alloc(32, 1));
    const wrappedKey = await vault.wrapKey({ ...use, plaintextKey });
    write('turned', Buffer.alloc(32, 2));
    await expect(vault.unwrapKey({ ...use, wrappedKey })).rejects.toThrow('key turned');
  });

  it.each([
    ['a path that is not there', { path: '/no/such/folder' }, 'path: cannot read /no/such/folder: ENOENT'],
    ['a path of a file', { path: import.meta.filename }, 'is not a folder'],
    ['no path', {}, "metadata property 'path' is required"],
  ])('does not open on %s', async (_, metadata, why) => {
    await expect(open(metadata as Record<string, string>)).rejects.toThrow(why);
  });
});
