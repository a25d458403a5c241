import { secretConformance } from '#contracts/conformance/secret.ts';
import { resources } from '#kit/kube/resource.ts';
import { fakeKube } from '#kit/testing/fake-kube.ts';
import { describe, expect, it } from '#kit/testing/test.ts';
import { storeOn } from './kubernetes.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

function clusterOf(secrets: Record<string, Record<string, Record<string, string>>>) {
  const kube = fakeKube();
  for (const [namespace, byName] of Object.entries(secrets)) {
    for (const [name, data] of Object.entries(byName))
      kube.put(resources.secrets, { metadata: { name, namespace }, data });
  }
  return kube.client;
}

const client = () =>
  clusterOf({
    shop: { redis: { password: base64('pä$$'), user: base64('me') } },
    other: { key: { key: base64('o') } },
  });

secretConformance('secretstores.kubernetes', async () => storeOn(client(), 'shop'), {
  redis: { password: 'pä$$', user: 'me' },
});

describe('secretstores.kubernetes', () => {
  it('reads from the namespace a request names', async () => {
    await using store = storeOn(client(), 'shop');
    expect(await store.get({ name: 'key', metadata: { namespace: 'other' } })).toEqual({ key: 'o' });
    expect(await store.bulkGet({ metadata: { namespace: 'other' } })).toEqual({ key: { key: 'o' } });
  });

  it('asks for a namespace where it knows none', async () => {
    await using store = storeOn(client(), '');
    await expect(store.get({ name: 'redis' })).rejects.toThrow('namespace of the secret is not known');
  });
});
