import { execFileSync } from 'node:child_process';
import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sidecar, startSidecar } from '#bench/sidecar/subject.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { checkout } from './checkout.ts';
import { cryptoProgram } from './crypto/program.ts';

const stack = new AsyncDisposableStack();
let keys: string;
let program: string;
let sidecar: Sidecar;

beforeAll(async () => {
  keys = await mkdtemp(join(tmpdir(), 'outrigger-keys-'));
  stack.defer(() => rm(keys, { recursive: true, force: true }));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(keys, 'aes.json'), JSON.stringify(createSecretKey(randomBytes(32)).export({ format: 'jwk' })));
  await writeFile(join(keys, 'rsa.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  program = await cryptoProgram();
  const vault = {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name: 'vault' },
    spec: { type: 'crypto.dapr.localstorage', version: 'v1', metadata: [{ name: 'path', value: keys }] },
  };
  const subject = { name: 'outrigger', command: join(checkout, 'bin/daprd'), args: ['--max-body-size=16Mi'] };
  sidecar = stack.use(await startSidecar(subject, { stores: 0, manifests: [JSON.stringify(vault)], pinned: false }));
});
afterAll(() => stack.disposeAsync());

const most = 32 * 1024 * 1024;
const dapr = (input: Buffer, what: 'encrypt' | 'decrypt', key: string, ...options: string[]): Buffer =>
  execFileSync(program, [what, join(keys, key), ...options], { input, maxBuffer: most });

async function ours(input: Buffer, what: 'encrypt' | 'decrypt', headers: Record<string, string>): Promise<Buffer> {
  const body = new Uint8Array(input);
  const url = `http://${sidecar.http}/v1.0-alpha1/crypto/vault/${what}`;
  const answer = await fetch(url, { method: 'PUT', headers, body });
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

/** The format knows A128CBC-NOPAD and its like too, by which no vault of Dapr's wraps a key, nor does one of ours. */
const wrappings = [
  ['aes.json', 'A256KW'],
  ['aes.json', 'AES'],
  ['rsa.pem', 'RSA-OAEP-256'],
  ['rsa.pem', 'RSA'],
] as const;
const ciphers = ['AES-GCM', 'CHACHA20-POLY1305'];

describe.each(wrappings.flatMap((one) => ciphers.map((cipher) => [...one, cipher] as const)))(
  'a document under %s by %s and %s',
  (key, algorithm, cipher) => {
    it.each([0, 1, 65_535, 65_536, 65_537, 5_000_000])(
      'of %d bytes goes from Dapr’s sidecar to ours and back',
      async (length) => {
        const plain = randomBytes(length);
        const theirs = dapr(plain, 'encrypt', key, algorithm, cipher);
        expect((await ours(theirs, 'decrypt', {})).equals(plain)).toBe(true);
        const headers = {
          'dapr-key-name': key,
          'dapr-key-wrap-algorithm': algorithm,
          'dapr-data-encryption-cipher': cipher.toLowerCase(),
        };
        expect(dapr(await ours(plain, 'encrypt', headers), 'decrypt', key).equals(plain)).toBe(true);
      },
    );
  },
);
