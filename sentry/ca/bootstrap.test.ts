import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fault } from '#kit/errors/fault.ts';
import { resources } from '#kit/kube/resource.ts';
import { silentLogger } from '#kit/log/logger.ts';
import { type FakeKube, fakeKube } from '#kit/testing/fake-kube.ts';
import { afterEach, beforeEach, describe, expect, it } from '#kit/testing/test.ts';
import type { CredentialFiles, JwtConfig } from '../config.ts';
import { bootstrap } from './bootstrap.ts';
import { fileStore } from './file-store.ts';
import { kubernetesStore, trustBundleName } from './kubernetes-store.ts';

const jwt: JwtConfig = { issuer: '', algorithm: 'RS256', keyId: '', ttlMs: 1000 };
const options = {
  trustDomain: 'cluster.local',
  namespace: 'dapr-system',
  skewMs: 0,
  jwt: undefined as JwtConfig | undefined,
  now: new Date(),
  log: silentLogger,
};
const filesIn = (folder: string): CredentialFiles => ({
  anchors: path.join(folder, 'ca.crt'),
  chain: path.join(folder, 'issuer.crt'),
  key: path.join(folder, 'issuer.key'),
  jwtKey: path.join(folder, 'jwt.key'),
  jwks: path.join(folder, 'jwks.json'),
});

describe('bootstrap with files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'credentials-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const store = () => fileStore(filesIn(folder));

  it('makes an authority, readable by its owner alone, and uses the same one ever after', async () => {
    const first = await bootstrap(store(), options);
    expect((await readdir(folder)).sort()).toEqual(['ca.crt', 'issuer.crt', 'issuer.key']);
    expect((await stat(path.join(folder, 'issuer.key'))).mode & 0o777).toBe(0o600);
    const again = await bootstrap(store(), options);
    expect(again.bundle.chainPem).toBe(first.bundle.chainPem);
    expect(first.bundle.expiry.getTime() - options.now.getTime()).toBeGreaterThan(364 * 86_400_000);
  });

  it('adds a JWT key to an authority that is there', async () => {
    const before = await bootstrap(store(), options);
    const after = await bootstrap(store(), { ...options, jwt });
    expect(after.bundle.chainPem).toBe(before.bundle.chainPem);
    expect(JSON.parse(after.jwt!.jwks).keys[0]).toMatchObject({ kid: after.jwt!.keyId, alg: 'RS256', use: 'sig' });
  });

  it('makes a missing key set from the key that is there', async () => {
    const before = await bootstrap(store(), { ...options, jwt });
    await rm(path.join(folder, 'jwks.json'));
    expect((await bootstrap(store(), { ...options, jwt })).jwt!.jwks).toBe(before.jwt!.jwks);
  });

  it.each([
    ['issuer.key', 'issuer.key missing while'],
    ['ca.crt', 'ca.crt missing while'],
  ])('refuses to go on without %s and leaves the rest as it is', async (name, reason) => {
    await bootstrap(store(), options);
    const chain = await readFile(path.join(folder, 'issuer.crt'), 'utf8');
    await rm(path.join(folder, name));
    await expect(bootstrap(store(), options)).rejects.toThrow(reason);
    expect(await readFile(path.join(folder, 'issuer.crt'), 'utf8')).toBe(chain);
    expect(await readdir(folder)).not.toContain(name);
  });

  it.each([
    ['an empty key set', '', 'JWKS: not JSON'],
    ['a set without keys', '{"keys":[]}', 'JWKS: no keys in it'],
    ['a set without our key', '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"x"}]}', 'JWKS: no key in it is the'],
  ])('refuses %s', async (_name, text, reason) => {
    await bootstrap(store(), { ...options, jwt });
    await writeFile(path.join(folder, 'jwks.json'), text);
    await expect(bootstrap(store(), { ...options, jwt })).rejects.toThrow(reason);
    expect(await readFile(path.join(folder, 'jwks.json'), 'utf8')).toBe(text);
  });
});

describe('bootstrap in Kubernetes', () => {
  const at = { namespace: 'dapr-system', name: trustBundleName };
  const text = (encoded: string | undefined) => Buffer.from(encoded ?? '', 'base64').toString();
  type WithData = { metadata: object; data: Record<string, string> };
  let kube: FakeKube;
  beforeEach(() => {
    kube = fakeKube();
    kube.put(resources.secrets, { metadata: at, data: { 'ca.crt': '', 'issuer.crt': '', 'issuer.key': '' } });
    kube.put(resources.configMaps, { metadata: at });
  });
  const store = () => kubernetesStore(kube.client, 'dapr-system', filesIn('/credentials'), silentLogger);
  const secret = () => kube.read<WithData>(resources.secrets, at)!;
  const configMap = () => kube.read<WithData>(resources.configMaps, at)!;

  it('fills what the chart left empty and publishes the anchors', async () => {
    const { bundle } = await bootstrap(store(), options);
    expect(text(secret().data['issuer.crt'])).toBe(bundle.chainPem);
    expect(configMap().data).toEqual({ 'ca.crt': bundle.anchorsPem });
  });

  it('mends a ConfigMap that differs and keeps the authority', async () => {
    const { bundle } = await bootstrap(store(), { ...options, jwt });
    kube.put(resources.configMaps, { metadata: at, data: { 'ca.crt': 'another', mine: 'stays' } });
    expect((await bootstrap(store(), { ...options, jwt })).bundle.chainPem).toBe(bundle.chainPem);
    expect(Object.keys(configMap().data).sort()).toEqual(['ca.crt', 'jwks.json', 'mine']);
    expect(configMap().data['ca.crt']).toBe(bundle.anchorsPem);
  });

  it('writes nothing when all agrees', async () => {
    await bootstrap(store(), options);
    kube.calls.length = 0;
    await bootstrap(store(), options);
    expect(kube.calls.map((call) => call.split(' ')[0])).toEqual(['get', 'get']);
  });

  it('leaves one authority when several start at once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => bootstrap(store(), { ...options, jwt })));
    expect(new Set(all.map(({ bundle }) => bundle.chainPem)).size).toBe(1);
    expect(new Set(all.map((one) => one.jwt!.keyId)).size).toBe(1);
    expect(text(secret().data['issuer.crt'])).toBe(all[0]!.bundle.chainPem);
    expect(configMap().data['ca.crt']).toBe(all[0]!.bundle.anchorsPem);
  });

  it('refuses material of two authorities', async () => {
    await bootstrap(store(), options);
    const other = fakeKube();
    other.put(resources.secrets, { metadata: at });
    other.put(resources.configMaps, { metadata: at });
    await bootstrap(kubernetesStore(other.client, 'dapr-system', filesIn('/x'), silentLogger), options);
    const foreign = other.read<WithData>(resources.secrets, at)!.data['ca.crt']!;
    const mixed = { ...secret().data, 'ca.crt': foreign };
    kube.put(resources.secrets, { metadata: at, data: mixed });
    await expect(bootstrap(store(), options)).rejects.toThrow(
      /does not lead to any of the trust anchors \(read from ca\.crt of Secret .*, issuer\.key of Secret/,
    );
    expect(secret().data).toEqual(mixed);
  });

  it('goes on when the ConfigMap cannot be written, and says so', async () => {
    const errors: string[] = [];
    const log = { ...silentLogger, error: (message: string) => void errors.push(message) };
    await bootstrap(store(), options);
    kube.put(resources.configMaps, { metadata: at, data: {} });
    kube.failNext('update', fault('permission-denied', 'PUT: 403 Forbidden'));
    await bootstrap(kubernetesStore(kube.client, 'dapr-system', filesIn('/x'), log), options);
    expect(errors[0]).toContain('cannot be published in ConfigMap dapr-system/dapr-trust-bundle: PUT: 403');
  });
});
