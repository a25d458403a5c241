import { generateKeyPairSync } from 'node:crypto';
import { cryptoConformance } from '#contracts/conformance/crypto.ts';
import { resources } from '#kit/kube/resource.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { vaultOn } from './kubernetes-secrets.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const data = {
  aes: Buffer.alloc(32, 0xee).toString('base64'),
  rsa: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64'),
};

function open(defaultNamespace = 'shop') {
  const kube = fakeKube();
  kube.put(resources.secrets, { metadata: { name: 'keys', namespace: 'shop' }, data });
  kube.put(resources.secrets, { metadata: { name: 'such-key', namespace: 'no' }, data: {} });
  return vaultOn(kube.client, defaultNamespace);
}

cryptoConformance('crypto.dapr.kubernetes.secrets', async () => open(), [
  { keyName: 'keys/aes', algorithm: 'A256KW' },
  { keyName: 'shop/keys/rsa', algorithm: 'RSA-OAEP-256' },
]);

describe('crypto.dapr.kubernetes.secrets', () => {
  it.each([
    ['keys', '', 'must be named as namespace/secret/key or secret/key'],
    ['a/b/c/d', 'shop', 'must be named as namespace/secret/key or secret/key'],
    ['keys/', 'shop', 'must be named as namespace/secret/key or secret/key'],
    ['keys/aes', '', 'name its namespace, or set defaultNamespace'],
    ['keys/other', 'shop', 'Secret shop/keys has no value "other"'],
  ])('says what is wrong with key %s in namespace "%s"', async (keyName, namespace, why) => {
    await using vault = open(namespace);
    const wrap = vault.wrapKey({ keyName, algorithm: 'A256KW', plaintextKey: Buffer.alloc(32) });
    await expect(wrap).rejects.toThrow(why);
  });
});
