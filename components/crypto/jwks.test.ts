import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openComponent } from '#contracts/component.ts';
import { cryptoConformance } from '#contracts/conformance/crypto.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { eventually } from '#kit/testing/eventually.ts';
import { afterAll, beforeAll, describe, expect, it } from '#kit/testing/test.ts';
import { cached, component } from './jwks.ts';

const symmetric = (kid: string, byte: number) => ({
  ...createSecretKey(Buffer.alloc(32, byte)).export({ format: 'jwk' }),
  kid,
});
const rsa = {
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: 'rsa',
};
const set = JSON.stringify({ keys: [symmetric('aes', 1), rsa, { kty: 'oct', k: 'AAAA' }] });

let folder: string;
let server: Server;
let url: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'outrigger-jwks-'));
  writeFileSync(path.join(folder, 'set.json'), set);
  server = createServer((request, response) => {
    response.statusCode = request.url === '/set' ? 200 : 404;
    response.end(set);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = (jwks: string) =>
  openComponent(
    component,
    { jwks },
    { name: 'vault', log: silentLogger, signal: new AbortController().signal, env: {} },
  );

const keys = [
  { keyName: 'aes', algorithm: 'A256KW' },
  { keyName: 'rsa', algorithm: 'RSA-OAEP-256' },
];
cryptoConformance('crypto.dapr.jwks from metadata', () => open(set), keys);
cryptoConformance('crypto.dapr.jwks in base64', () => open(Buffer.from(set).toString('base64')), keys);
cryptoConformance('crypto.dapr.jwks from a file', () => open(path.join(folder, 'set.json')), keys);
cryptoConformance('crypto.dapr.jwks from a URL', () => open(`${url}/set`), keys);

describe('crypto.dapr.jwks', () => {
  it('does not open on a set that cannot be read, and does not quote it', async () => {
    await expect(open(`${url}/missing`)).rejects.toThrow(`jwks: ${url}/missing cannot be read: status 404`);
    const refusal = await open('{"keys": "sesame"}').catch((thrown: Error) => thrown.message);
    expect(refusal).toMatch(/^jwks: it is no URL/);
    expect(refusal).not.toContain('sesame');
  });

  it('reads the set again when it is old, and keeps the last good one', async () => {
    let now = 0;
    const texts = [
      JSON.stringify({ keys: [symmetric('a', 1)] }),
      'broken',
      JSON.stringify({ keys: [symmetric('b', 1)] }),
    ];
    let reads = 0;
    const read = async () => texts[Math.min(reads++, 2)]!;
    const keysNow = cached({ read, fixed: false }, 1_000, () => now);
    const names = async () => [...(await keysNow()).keys()];
    expect(await names()).toEqual(['a']);
    expect(reads).toBe(1);
    now = 1_500;
    await names();
    await eventually(() => expect(reads).toBe(2));
    expect(await names()).toEqual(['a']);
    now = 3_000;
    await names();
    await eventually(async () => expect(await names()).toEqual(['b']));
  });
});
