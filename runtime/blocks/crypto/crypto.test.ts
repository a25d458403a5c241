import { createSecretKey } from 'node:crypto';
import { localProvider } from '#components/crypto/local-provider.ts';
import type { CryptoProvider } from '#contracts/crypto.ts';
import { toFault } from '#kit/errors/fault.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { createGrpcDoor } from '../../doors/grpc/door.ts';
import { createHttpDoor } from '../../doors/http/door.ts';
import { createRegistry } from '../../registry.ts';
import { decryptData } from './decrypt.ts';
import { encryptData } from './encrypt.ts';
import { cryptoKind, vaultsOf } from './kind.ts';
import { subtleOperations } from './subtle.ts';

/** Made by Dapr 1.18's daprd with the key 00 01 02 … 1f, from "hello world" and from nothing. */
const ofDapr = {
  'by AES-GCM': [
    'hello world',
    'ZGFwci5pby9lbmMvdjEKeyJrIjoic3ltIiwia3ciOjEsIndmayI6IjRSblhyMG1RZmxKL2dqWE9YbDdBY3UvOEptd3RrdFIxZWhCRG9XRnNrK1JsTnFvb3FTalNidz09IiwiY3BoIjoxLCJucCI6IktaTkVsZW9lMEE9PSJ9CnR4UEpxM0Z2OXFEbStGOGRtNnhJdVEzMFE0eFQvMmpZNzV2ckhDbFREZ0E9CqwZ2nhdXmAFjQZ5tqBelBvlH7h5EBSIKGspLQ==',
  ],
  'by ChaCha20-Poly1305': [
    'hello world',
    'ZGFwci5pby9lbmMvdjEKeyJrIjoiYVx1MDAzY2IiLCJrdyI6MSwid2ZrIjoiUjZab29zaFphYUVsWUgyNm9DLzkzUVd2UjZPZlhYSHY4Z1lLY0FtTXVjbDQ1TkpJbngxb0V3PT0iLCJjcGgiOjIsIm5wIjoiUlkrbEhUa1FPUT09In0KcEkwQitMd0dTL3o0OHJ0bWJqSDFjYUNDSUlIelBWYTVzbXZhbkZ0ZzZyYz0KcfeI3xYf45PouEZy92t6ZUokfwzwQeZDu88h',
  ],
  'of nothing': [
    '',
    'ZGFwci5pby9lbmMvdjEKeyJrIjoic3ltIiwia3ciOjEsIndmayI6Ikx6NlkwWnFwNXo4eVNIWUw0dEM0MlNvZWtXc3BYdnFPaEN6VzRlTzQybjVHRmZxazhlWDVKQT09IiwiY3BoIjoxLCJucCI6Inh6VjBsWS9Zd1E9PSJ9ClNsR2ozd1dsNVI5OGdDSVlGNml5R0V6emhVS3VQaUxLRUZ1TUFtM0kvNk09Cg==',
  ],
} as const;

const open = { access: { allowed: [], denied: [] }, token: undefined, watch: {} };

function withVault() {
  const registry = createRegistry();
  const names: string[] = [];
  const used: [action: string, success: boolean][] = [];
  const key = createSecretKey(Buffer.from([...Array(32).keys()]));
  const provider = localProvider(async (name) => {
    names.push(name);
    if (name === 'missing') throw new Error('key missing does not exist');
    return { key };
  });
  registry.add({
    ...{ name: 'vault', type: 'crypto.x', version: 'v1', kind: cryptoKind, component: provider as CryptoProvider },
    guard: undefined,
    observe: (action, success) => used.push([action, success]),
    close: async () => {},
  });
  const findVault = vaultsOf(registry);
  return { names, used, operations: [encryptData(findVault), decryptData(findVault), ...subtleOperations] };
}

type World = ReturnType<typeof withVault>;

async function put({ operations }: World, path: string, headers: Record<string, string>, bytes: Uint8Array) {
  const door = createHttpDoor({ operations, stages: [], pages: [], ...open });
  const body = Buffer.from(bytes);
  const reply = await door({
    ...{ method: 'PUT', url: `/v1.0-alpha1/crypto/${path}`, headers, hasBody: body.length > 0 },
    read: async () => body,
    stream: (async function* () {})(),
    signal: new AbortController().signal,
  });
  const answer = Buffer.from((reply.body ?? '') as Uint8Array);
  return { status: reply.status, body: answer, error: () => JSON.parse(answer.toString()) as { message: string } };
}

type Message = { options?: object; payload?: { data: Uint8Array; seq: bigint } };

async function stream({ operations }: World, method: string, messages: Message[]): Promise<Buffer> {
  const { handlers } = createGrpcDoor({ operations, stages: [], ...open })[0]!;
  const handler = handlers[method as keyof typeof handlers] as unknown as (
    requests: AsyncIterable<Message>,
    call: object,
  ) => AsyncIterable<Message>;
  const requests = (async function* () {
    yield* messages;
  })();
  const chunks: Uint8Array[] = [];
  for await (const { payload } of handler(requests, { signal: new AbortController().signal, metadata: {} })) {
    expect(payload!.seq).toBe(BigInt(chunks.length));
    chunks.push(payload!.data);
  }
  return Buffer.concat(chunks);
}

const part = (text: string, seq: number): Message => ({ payload: { data: Buffer.from(text), seq: BigInt(seq) } });
const encryptOptions = (change: object = {}): Message => ({
  options: {
    ...{ componentName: 'vault', keyName: 'sym', keyWrapAlgorithm: 'AES', dataEncryptionCipher: '' },
    ...{ omitDecryptionKeyName: false, decryptionKeyName: '', ...change },
  },
});
const decryptOptions = (keyName = ''): Message => ({ options: { componentName: 'vault', keyName } });

describe('the crypto API', () => {
  it.each(Object.entries(ofDapr))('decrypts what Dapr has encrypted %s', async (_, [text, document]) => {
    const world = withVault();
    const { status, body } = await put(world, 'vault/decrypt', {}, Buffer.from(document, 'base64'));
    expect([status, body.toString()]).toEqual([200, text]);
  });

  it('encrypts over HTTP what it decrypts over gRPC, and counts both', async () => {
    const world = withVault();
    const headers = { 'dapr-key-name': 'sym', 'dapr-key-wrap-algorithm': 'aes' };
    const { body } = await put(world, 'vault/encrypt', headers, Buffer.from('hello'));
    const messages = [decryptOptions(), { payload: { data: body, seq: 0n } }];
    expect((await stream(world, 'decryptAlpha1', messages)).toString()).toBe('hello');
    expect(world.used).toEqual([
      ['crypto_op', true],
      ['crypto_op', true],
    ]);
  });

  it('takes the body from the first message on, in order', async () => {
    const world = withVault();
    const first = { ...encryptOptions({ decryptionKeyName: 'other' }), ...part('he', 0) };
    const data = await stream(world, 'encryptAlpha1', [first, part('ll', 1), {}, part('o', 2)]);
    const plain = await stream(world, 'decryptAlpha1', [decryptOptions(), { payload: { data, seq: 0n } }]);
    expect([plain.toString(), world.names]).toEqual(['hello', ['sym', 'other']]);
  });

  it('leaves the name of the key out where it is told to', async () => {
    const world = withVault();
    const data = await stream(world, 'encryptAlpha1', [encryptOptions({ omitDecryptionKeyName: true }), part('x', 0)]);
    expect(data.toString()).not.toContain('"k"');
    const decrypt = (keyName: string) =>
      stream(world, 'decryptAlpha1', [decryptOptions(keyName), { payload: { data, seq: 0n } }]);
    await expect(decrypt('')).rejects.toThrow('does not contain a key name');
    expect((await decrypt('sym')).toString()).toBe('x');
  });

  const operation = 'failed to perform operation: ';
  it.each([
    ['nothing', [], 'crypto-operation', `${operation}error receiving the first message`],
    ['no options', [part('x', 0)], 'bad-request', 'first message does not contain the required options'],
    ['no key', [encryptOptions({ keyName: '' })], 'bad-request', "missing property 'keyName'"],
    ['no algorithm', [encryptOptions({ keyWrapAlgorithm: '' })], 'bad-request', "missing property 'keyWrapAlgorithm'"],
    ['no component', [encryptOptions({ componentName: '' })], 'bad-request', 'missing component name'],
    ['another component', [encryptOptions({ componentName: 'other' })], 'crypto-not-found', 'provider other not found'],
    ['a strange algorithm', [encryptOptions({ keyWrapAlgorithm: 'rot13' })], 'crypto-operation', 'algorithm ROT13'],
    ['a strange cipher', [encryptOptions({ dataEncryptionCipher: 'des' })], 'crypto-operation', 'cipher DES'],
    ['a missing key', [encryptOptions({ keyName: 'missing' })], 'crypto-operation', 'key missing does not exist'],
    ['a gap', [encryptOptions(), part('x', 0), part('y', 2)], 'crypto-operation', 'received: 2 (expected: 1)'],
    ['options twice', [encryptOptions(), encryptOptions()], 'crypto-operation', 'options found in non-leading message'],
  ])('says over gRPC what is wrong with %s', async (_, messages, key, why) => {
    const problem = await stream(withVault(), 'encryptAlpha1', messages).then(() => undefined, toFault);
    expect(problem).toMatchObject({ key, message: expect.stringContaining(why) });
  });

  it.each([
    ['vault/encrypt', {}, 400, "invalid request: missing header 'dapr-key-name'"],
    ['vault/encrypt', { 'dapr-key-name': 'k' }, 400, "invalid request: missing header 'dapr-key-wrap-algorithm'"],
    ['other/encrypt', {}, 400, 'crypto provider other not found'],
    ['other/decrypt', {}, 400, 'crypto provider other not found'],
    ['vault/decrypt', {}, 500, 'failed to perform operation: invalid header: unsupported scheme'],
  ])('says over HTTP what is wrong with %s %j', async (path, headers, status, message) => {
    const answer = await put(withVault(), path, headers as Record<string, string>, Buffer.from('hello'));
    expect(answer.status).toBe(status);
    expect(answer.error().message).toBe(message);
  });

  it('says that there are no vaults at all', async () => {
    const world = { ...withVault(), operations: [encryptData(vaultsOf(createRegistry()))] };
    const answer = await put(world, 'vault/encrypt', {}, Buffer.from('x'));
    expect([answer.status, answer.error().message]).toEqual([500, 'crypto providers not configured']);
  });

  it('does not serve single operations on keys', async () => {
    const { operations } = withVault();
    const door = createHttpDoor({ operations, stages: [], pages: [], ...open });
    const rest = { headers: {}, hasBody: false, read: async () => Buffer.alloc(0), stream: (async function* () {})() };
    const url = '/v1.0-alpha1/subtlecrypto/vault/sign';
    const reply = await door({ method: 'POST', url, signal: new AbortController().signal, ...rest });
    expect(reply.status).toBe(501);
    expect(String(reply.body)).toContain('ERR_API_UNIMPLEMENTED');
  });
});
